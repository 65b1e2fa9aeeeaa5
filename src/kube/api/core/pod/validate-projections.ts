import { forbidden, invalid, required } from "../../field-error.ts";
import type {
  ClusterTrustBundleProjection,
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  ProjectedVolumeSource,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateFieldRef, validateResourceFieldRef } from "./validate-env.ts";
import { validateFileMode, validateNonReservedPath } from "./validate-paths.ts";

export function validateSecretVolume(source: SecretVolumeSource, path: string): FieldError[] {
  return [
    ...(source.secretName ? [] : [required(`${path}.secretName`)]),
    ...validateFileMode(source.defaultMode, `${path}.defaultMode`),
    ...validateItems(source.items, `${path}.items`),
  ];
}

export function validateConfigMapVolume(source: ConfigMapVolumeSource, path: string): FieldError[] {
  return [
    ...(source.name ? [] : [required(`${path}.name`)]),
    ...validateFileMode(source.defaultMode, `${path}.defaultMode`),
    ...validateItems(source.items, `${path}.items`),
  ];
}

function validateItems(items: readonly KeyToPath[] | undefined, path: string): FieldError[] {
  return (items ?? []).flatMap((item, index) => validateItem(item, `${path}[${index}]`));
}

function validateItem(item: KeyToPath, path: string): FieldError[] {
  return [
    ...(item.key ? [] : [required(`${path}.key`)]),
    ...(item.path ? [] : [required(`${path}.path`)]),
    ...validateNonReservedPath(item.path ?? "", `${path}.path`),
    ...validateFileMode(item.mode, `${path}.mode`),
  ];
}

const FIELD_PATHS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

/** Upstream tells what is wrong with an item at the source itself. */
export function validateDownwardApiVolume(source: DownwardAPIVolumeSource, path: string): FieldError[] {
  return [
    ...validateFileMode(source.defaultMode, `${path}.defaultMode`),
    ...(source.items ?? []).flatMap((file) => validateDownwardApiFile(file, path)),
  ];
}

function validateDownwardApiFile(file: DownwardAPIVolumeFile, path: string): FieldError[] {
  const errors = file.path ? [] : [required(`${path}.path`)];
  errors.push(...validateNonReservedPath(file.path ?? "", `${path}.path`));
  if (file.fieldRef !== undefined) {
    errors.push(...validateFieldRef(file.fieldRef, `${path}.fieldRef`, FIELD_PATHS));
    if (file.resourceFieldRef !== undefined) {
      const why = "fieldRef and resourceFieldRef can not be specified simultaneously";
      errors.push(invalid(path, "resource", why));
    }
  } else if (file.resourceFieldRef !== undefined) {
    errors.push(...validateResourceFieldRef(file.resourceFieldRef, `${path}.resourceFieldRef`, true));
  } else errors.push(required(path, "one of fieldRef and resourceFieldRef is required"));
  return [...errors, ...validateFileMode(file.mode, `${path}.mode`)];
}

export function validateProjectedVolume(source: ProjectedVolumeSource, path: string): FieldError[] {
  const errors = validateFileMode(source.defaultMode, `${path}.defaultMode`);
  const seen = new Set<string>();
  /** Two files of one volume at one path. */
  const take = (target: string, shown: string): FieldError[] => {
    if (seen.has(target)) return [invalid(path, shown, "conflicting duplicate paths")];
    seen.add(target);
    return [];
  };
  source.sources?.forEach((projection, index) => {
    errors.push(...validateProjection(projection, path, `${path}.sources[${index}]`, take));
  });
  return errors;
}

function validateProjection(
  projection: VolumeProjection,
  volumePath: string,
  path: string,
  take: (target: string, shown: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = projection;
  for (const [name, source] of [
    ["secret", secret],
    ["configMap", configMap],
  ] as const) {
    if (source === undefined) continue;
    if (!source.name) errors.push(required(`${path}.${name}.name`));
    source.items?.forEach((item, index) => {
      errors.push(...validateItem(item, `${path}.${name}.items[${index}]`));
      if (item.path) errors.push(...take(item.path, source.name ?? ""));
    });
  }
  for (const file of downwardAPI?.items ?? []) {
    errors.push(...validateDownwardApiFile(file, `${path}.downwardAPI`));
    if (file.path) errors.push(...take(file.path, file.path));
  }
  if (serviceAccountToken)
    errors.push(...validateToken(serviceAccountToken, volumePath, `${path}.serviceAccountToken`));
  if (clusterTrustBundle) {
    errors.push(...validateTrustBundle(clusterTrustBundle, `${path}.clusterTrustBundle`));
    errors.push(...take(clusterTrustBundle.path, clusterTrustBundle.path));
  }
  if (Object.keys(projection).length > 1)
    errors.push(forbidden(path, "may not specify more than 1 volume type per source"));
  return errors;
}

const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

/** The token's path is told at the volume, as upstream does. */
function validateToken(
  source: ServiceAccountTokenProjection,
  volumePath: string,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = source.expirationSeconds ?? 0;
  const at = `${path}.expirationSeconds`;
  if (seconds < LEAST_SECONDS)
    errors.push(invalid(at, seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > MOST_SECONDS)
    errors.push(invalid(at, seconds, "may not specify a duration larger than 2^32 seconds"));
  if (!source.path) return [...errors, required(`${volumePath}.path`)];
  return [...errors, ...validateNonReservedPath(source.path, `${volumePath}.path`)];
}

/** Only pods that were made while the feature was on still have one. */
function validateTrustBundle(source: ClusterTrustBundleProjection, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (source.name === undefined && source.signerName === undefined)
    errors.push(required(path, "either name or signerName must be specified"));
  if (!source.path) errors.push(required(`${path}.path`));
  return [...errors, ...validateNonReservedPath(source.path, `${path}.path`)];
}
