import type { KubeObject } from "../../types.ts";
import { claimNameOf } from "./volume-claims.ts";

interface Reference {
  name?: string;
}
interface ReferringContainer {
  env?: { valueFrom?: { secretKeyRef?: Reference; configMapKeyRef?: Reference } }[];
  envFrom?: { secretRef?: Reference; configMapRef?: Reference }[];
}
interface ProjectedSource {
  secret?: Reference;
  configMap?: Reference;
  clusterTrustBundle?: object;
  serviceAccountToken?: { audience?: string };
}
interface ReferringVolume {
  name: string;
  secret?: { secretName?: string };
  configMap?: Reference;
  projected?: { sources?: ProjectedSource[] };
  persistentVolumeClaim?: { claimName: string };
  ephemeral?: object;
  azureFile?: { secretName?: string };
  csi?: { nodePublishSecretRef?: Reference };
  [source: string]: unknown;
}

/** Volume sources that carry their Secret as `secretRef`. */
const SECRET_REF_SOURCES = ["cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"];

/** The Secrets that a pod needs (podutil.VisitPodSecretNames). */
export function* secretNamesOf(pod: KubeObject): Generator<string> {
  for (const { name } of (pod.spec.imagePullSecrets ?? []) as Reference[]) if (name) yield name;
  for (const { env = [], envFrom = [] } of containersOf(pod)) {
    for (const { secretRef } of envFrom) if (secretRef?.name) yield secretRef.name;
    for (const { valueFrom } of env) if (valueFrom?.secretKeyRef?.name) yield valueFrom.secretKeyRef.name;
  }
  for (const volume of volumesOf(pod)) yield* secretNamesOfVolume(volume);
}

function* secretNamesOfVolume(volume: ReferringVolume): Generator<string> {
  const { secret, projected, azureFile, csi } = volume;
  const referred = SECRET_REF_SOURCES.map(
    (source) => (volume[source] as { secretRef?: Reference } | undefined)?.secretRef?.name,
  );
  const names = [secret?.secretName, azureFile?.secretName, csi?.nodePublishSecretRef?.name, ...referred];
  for (const name of names) if (name) yield name;
  for (const source of projected?.sources ?? []) if (source.secret?.name) yield source.secret.name;
}

/** The ConfigMaps that a pod needs (podutil.VisitPodConfigmapNames). */
export function* configMapNamesOf(pod: KubeObject): Generator<string> {
  for (const { env = [], envFrom = [] } of containersOf(pod)) {
    for (const { configMapRef } of envFrom) if (configMapRef?.name) yield configMapRef.name;
    for (const { valueFrom } of env)
      if (valueFrom?.configMapKeyRef?.name) yield valueFrom.configMapKeyRef.name;
  }
  for (const { configMap, projected } of volumesOf(pod)) {
    if (configMap?.name) yield configMap.name;
    for (const source of projected?.sources ?? []) if (source.configMap?.name) yield source.configMap.name;
  }
}

/** The PersistentVolumeClaims that a pod uses, those that are made for it among them. */
export function* claimNamesOf(pod: KubeObject): Generator<string> {
  for (const volume of volumesOf(pod)) {
    const name = claimNameOf(pod, volume);
    if (name !== undefined) yield name;
  }
}

/** The audiences of the tokens that a pod's volumes hold; the API's own is the empty one. */
export function* tokenAudiencesOf(pod: KubeObject): Generator<string> {
  for (const { projected } of volumesOf(pod)) {
    for (const { serviceAccountToken } of projected?.sources ?? [])
      if (serviceAccountToken) yield serviceAccountToken.audience ?? "";
  }
}

export function usesClusterTrustBundle(pod: KubeObject): boolean {
  return volumesOf(pod).some(({ projected }) =>
    projected?.sources?.some((source) => source.clusterTrustBundle !== undefined),
  );
}

function containersOf({ spec }: KubeObject): ReferringContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function volumesOf({ spec }: KubeObject): ReferringVolume[] {
  return (spec.volumes ?? []) as ReferringVolume[];
}
