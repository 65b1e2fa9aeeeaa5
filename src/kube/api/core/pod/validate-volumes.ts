import { isConfigMapKey, isDns1123Label, isDns1123Subdomain } from "../../../../formats/index.ts";
import { duplicate, forbidden, invalid, invalidEach, optionalOneOf, required } from "../../field-error.ts";
import type { KeyToPath, Volume, VolumeMount } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateFieldRef, validateResourceFieldRef } from "./validate-env.ts";

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const MODE_MESSAGE = "must be a number between 0 and 0777 (octal), both inclusive";
const VOLUME_FIELD_PATHS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];

export function validateVolumes(volumes: readonly Volume[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  volumes?.forEach((volume, index) => {
    const at = `${path}[${index}]`;
    errors.push(...validateVolumeSource(volume, at));
    if (!volume.name) errors.push(required(`${at}.name`));
    else errors.push(...invalidEach(`${at}.name`, volume.name, isDns1123Label(volume.name)));
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    names.add(volume.name);
  });
  return errors;
}

type SourceRule = (source: never, path: string) => FieldError[];

const named =
  (field: string): SourceRule =>
  (source: Record<string, unknown>, path) =>
    source[field] ? [] : [required(`${path}.${field}`)];

const RULES: Record<string, SourceRule> = {
  hostPath: validateHostPath,
  emptyDir: validateEmptyDir,
  secret: (source: KeyedSource & { secretName?: string }, path) => [
    ...(source.secretName ? [] : [required(`${path}.secretName`)]),
    ...validateKeyed(source, path),
  ],
  configMap: (source: KeyedSource & { name?: string }, path) => [
    ...(source.name ? [] : [required(`${path}.name`)]),
    ...validateKeyed(source, path),
  ],
  persistentVolumeClaim: named("claimName"),
  downwardAPI: validateDownwardApi,
  projected: validateProjected,
  nfs: (source: { server?: string; path?: string }, path) => [
    ...(source.server ? [] : [required(`${path}.server`)]),
    ...(source.path ? [] : [required(`${path}.path`)]),
  ],
  csi: named("driver"),
  image: named("reference"),
};

function validateVolumeSource(volume: Volume, path: string): FieldError[] {
  const sources = Object.keys(volume).filter((key) => key !== "name");
  if (sources.length === 0) return [required(path, "must specify a volume type")];
  const [first, ...others] = sources as [string, ...string[]];
  const errors = others.map((name) =>
    forbidden(`${path}.${name}`, "may not specify more than 1 volume type"),
  );
  const rule = RULES[first];
  if (rule !== undefined)
    errors.push(...rule((volume as unknown as Record<string, never>)[first]!, `${path}.${first}`));
  return errors;
}

function validateHostPath(source: { path?: string; type?: string }, path: string): FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  const errors = hasBackstep(source.path)
    ? [invalid(`${path}.path`, source.path, "must not contain '..'")]
    : [];
  return [...errors, ...optionalOneOf(`${path}.type`, source.type, HOST_PATH_TYPES)];
}

function validateEmptyDir(source: { sizeLimit?: string }, path: string): FieldError[] {
  if (!source.sizeLimit?.startsWith("-")) return [];
  return [forbidden(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity")];
}

interface KeyedSource {
  defaultMode?: number;
  items?: KeyToPath[];
}

function validateKeyed(source: KeyedSource, path: string): FieldError[] {
  return [
    ...validateMode(source.defaultMode, `${path}.defaultMode`),
    ...validateItems(source.items, `${path}.items`),
  ];
}

function validateMode(mode: number | undefined, path: string): FieldError[] {
  return mode !== undefined && (mode < 0 || mode > 0o777) ? [invalid(path, mode, MODE_MESSAGE)] : [];
}

function validateItems(items: readonly KeyToPath[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  items?.forEach((item, index) => {
    const at = `${path}[${index}]`;
    if (!item.key) errors.push(required(`${at}.key`));
    else errors.push(...invalidEach(`${at}.key`, item.key, isConfigMapKey(item.key)));
    errors.push(...validateFileName(item.path, `${at}.path`), ...validateMode(item.mode, `${at}.mode`));
  });
  return errors;
}

/** A path of a file inside a volume: relative, without `..`, not starting with `..`. */
function validateFileName(name: string | undefined, path: string): FieldError[] {
  if (!name) return [required(path)];
  const errors = validateRelativePath(name, path);
  if (name.startsWith("..") && !name.startsWith("../") && name !== "..") {
    errors.push(invalid(path, name, "must not start with '..'"));
  }
  return errors;
}

function hasBackstep(path: string): boolean {
  return path.split("/").includes("..");
}

export function validateRelativePath(target: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (target.startsWith("/")) errors.push(invalid(path, target, "must be a relative path"));
  if (hasBackstep(target)) errors.push(invalid(path, target, "must not contain '..'"));
  return errors;
}

interface DownwardApiSource {
  defaultMode?: number;
  items?: { path: string; mode?: number; fieldRef?: never; resourceFieldRef?: never }[];
}

function validateDownwardApi(source: DownwardApiSource, path: string): FieldError[] {
  const errors = validateMode(source.defaultMode, `${path}.defaultMode`);
  source.items?.forEach((item, index) => {
    // Upstream reports the items of this source at the source itself.
    const at = index >= 0 ? path : "";
    errors.push(...validateFileName(item.path, `${at}.path`));
    if (item.fieldRef !== undefined) {
      errors.push(...validateFieldRef(item.fieldRef, `${at}.fieldRef`, VOLUME_FIELD_PATHS));
      if (item.resourceFieldRef !== undefined) {
        errors.push(
          invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"),
        );
      }
    } else if (item.resourceFieldRef !== undefined) {
      errors.push(...validateResourceFieldRef(item.resourceFieldRef, `${at}.resourceFieldRef`, true));
    } else errors.push(required(`${at}.fieldRef`, "one of fieldRef and resourceFieldRef is required"));
    errors.push(...validateMode(item.mode, `${at}.mode`));
  });
  return errors;
}

interface ProjectedSource {
  defaultMode?: number;
  sources?: Record<string, never>[];
}

const PROJECTIONS: Record<string, SourceRule> = {
  secret: (source: KeyedSource & { name?: string }, path) => [
    ...(source.name ? [] : [required(`${path}.name`)]),
    ...validateKeyed(source, path),
  ],
  configMap: (source: KeyedSource & { name?: string }, path) => [
    ...(source.name ? [] : [required(`${path}.name`)]),
    ...validateKeyed(source, path),
  ],
  downwardAPI: validateDownwardApi,
  serviceAccountToken: validateTokenProjection,
};

function validateProjected(source: ProjectedSource, path: string): FieldError[] {
  const errors = validateMode(source.defaultMode, `${path}.defaultMode`);
  source.sources?.forEach((projection, index) => {
    const at = `${path}.sources[${index}]`;
    const kinds = Object.keys(projection);
    kinds.slice(1).forEach((kind) => {
      errors.push(forbidden(`${at}.${kind}`, "may not specify more than 1 volume type"));
    });
    const rule = kinds.length === 0 ? undefined : PROJECTIONS[kinds[0]!];
    if (rule !== undefined) errors.push(...rule(projection[kinds[0]!]!, `${at}.${kinds[0]}`));
  });
  return errors;
}

function validateTokenProjection(
  source: { path?: string; expirationSeconds?: number },
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = source.expirationSeconds ?? 3600;
  if (seconds < 600) {
    errors.push(
      invalid(`${path}.expirationSeconds`, seconds, "may not specify a duration less than 10 minutes"),
    );
  }
  if (seconds > 2 ** 32) {
    errors.push(
      invalid(`${path}.expirationSeconds`, seconds, "may not specify a duration larger than 2^32 seconds"),
    );
  }
  return [...errors, ...validateFileName(source.path, `${path}.path`)];
}

export interface MountContext {
  volumeNames: ReadonlySet<string>;
  isPrivileged: boolean;
}

export function validateVolumeMounts(
  mounts: readonly VolumeMount[] | undefined,
  path: string,
  context: MountContext,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  mounts?.forEach((mount, index) => {
    const at = `${path}[${index}]`;
    if (!mount.name) errors.push(required(`${at}.name`));
    if (!context.volumeNames.has(mount.name))
      errors.push({
        type: "FieldValueNotFound",
        field: `${at}.name`,
        message: `Not found: ${JSON.stringify(mount.name ?? "")}`,
      });
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    if (seen.has(mount.mountPath)) errors.push(invalid(`${at}.mountPath`, mount.mountPath, "must be unique"));
    seen.add(mount.mountPath);
    errors.push(...validateSubPath(mount, at), ...validatePropagation(mount, at, context));
  });
  return errors;
}

function validateSubPath(mount: VolumeMount, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (mount.subPath) errors.push(...validateRelativePath(mount.subPath, `${at}.subPath`));
  if (!mount.subPathExpr) return errors;
  if (mount.subPath) {
    errors.push(
      invalid(`${at}.subPathExpr`, mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"),
    );
  }
  return [...errors, ...validateRelativePath(mount.subPathExpr, `${at}.subPathExpr`)];
}

function validatePropagation(mount: VolumeMount, at: string, context: MountContext): FieldError[] {
  const field = `${at}.mountPropagation`;
  const errors = optionalOneOf(field, mount.mountPropagation, ["Bidirectional", "HostToContainer", "None"]);
  if (mount.mountPropagation === "Bidirectional" && !context.isPrivileged) {
    errors.push(
      forbidden(field, "Bidirectional mount propagation is available only to privileged containers"),
    );
  }
  return errors;
}

/** Names of imagePullSecrets, claims and the like. */
export function validateReferenceName(name: string | undefined, path: string): FieldError[] {
  return name ? invalidEach(path, name, isDns1123Subdomain(name)) : [required(path)];
}
