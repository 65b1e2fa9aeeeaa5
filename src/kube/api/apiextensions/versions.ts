import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../generated/types.ts";

type Stage = "alpha" | "beta" | "";

interface KubeVersion {
  stage: Stage;
  major: number;
  minor: number;
}

const STAGES: Stage[] = ["alpha", "beta", ""];

function parseKubeVersion(text: string): KubeVersion | undefined {
  const [, major, stage = "", minor = "0"] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(text) ?? [];
  return major === undefined
    ? undefined
    : { stage: stage as Stage, major: Number(major), minor: Number(minor) };
}

/**
 * Positive where `a` comes before `b` in discovery: `v2`, `v1`, `v1beta2`, `v1alpha1`, then all others by name
 * (apimachinery CompareKubeAwareVersionStrings).
 */
export function compareKubeVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [one, other] = [parseKubeVersion(a), parseKubeVersion(b)];
  if (one === undefined && other === undefined) return a < b ? 1 : -1;
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  return (
    STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage) ||
    one.major - other.major ||
    one.minor - other.minor
  );
}

export function servedVersions({ spec }: CustomResourceDefinition): CustomResourceDefinitionVersion[] {
  return (spec.versions ?? []).filter((version) => version.served);
}

/** The version that objects are stored in. */
export function storageVersion({
  spec,
}: CustomResourceDefinition): CustomResourceDefinitionVersion | undefined {
  return spec.versions?.find((version) => version.storage);
}

/** What every request to a deprecated version is told; undefined for all others. */
export function deprecationWarning(
  { spec }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning: own }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined;
  if (own !== undefined) return own;
  const { group, names } = spec;
  const [better] = spec.versions
    .filter((version) => version.served && !version.deprecated && compareKubeVersions(name, version.name) < 0)
    .map((version) => version.name)
    .sort((a, b) => compareKubeVersions(b, a));
  const told = `${group}/${name} ${names.kind} is deprecated`;
  return better === undefined ? told : `${told}; use ${group}/${better} ${names.kind}`;
}
