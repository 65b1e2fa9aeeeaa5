import type { KeyToPath, Volume, VolumeProjection } from "../../generated/types.ts";

interface Source {
  path: string;
  /** What puts a file there, where that is not the volume itself. */
  of: string;
}

/** Volumes whose files lie in each other's way (upstream warningsForOverlappingVirtualPaths). */
export function warningsOfPaths(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const { name, configMap, secret, downwardAPI, projected } = volume;
    const warn = (what: string, sources: readonly Source[]) =>
      overlaps(sources).map(
        (overlap) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${overlap}`,
      );
    return [
      ...warn(`ConfigMap ${JSON.stringify(configMap?.name ?? "")}`, pathsOf(configMap?.items)),
      ...warn(`Secret ${JSON.stringify(secret?.secretName ?? "")}`, pathsOf(secret?.items)),
      ...warn("DownwardAPI", pathsOf(downwardAPI?.items)),
      ...(projected?.sources ?? [])
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
      ...warn("Projected", (projected?.sources ?? []).flatMap(pathsOfProjection)),
    ];
  });
}

function pathsOf(items: readonly Pick<KeyToPath, "path">[] = [], of = ""): Source[] {
  return items.map(({ path }) => ({ path, of }));
}

function pathsOfProjection(source: VolumeProjection): Source[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  if (configMap?.items) return pathsOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? "")}`);
  if (secret?.items) return pathsOf(secret.items, `Secret ${JSON.stringify(secret.name ?? "")}`);
  if (downwardAPI?.items) return pathsOf(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken) return pathsOf([serviceAccountToken], "ServiceAccountToken");
  if (!clusterTrustBundle) return [];
  const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? "";
  return pathsOf([clusterTrustBundle], `ClusterTrustBundle ${JSON.stringify(name)}`);
}

function overlaps(sources: readonly Source[]): string[] {
  const seen: Source[] = [];
  const found: string[] = [];
  for (const { path: written, of } of sources) {
    const source = { path: written.replace(/\/+$/, ""), of };
    for (const other of seen)
      if (collide(other, source)) found.push(`${textOf(source)} with ${textOf(other)}`);
    seen.push(source);
  }
  return found;
}

const textOf = ({ path, of }: Source) =>
  of === "" ? JSON.stringify(path) : `${JSON.stringify(path)} (${of})`;

function collide({ path: a }: Source, { path: b }: Source): boolean {
  if (a === "" || b === "") return false;
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
