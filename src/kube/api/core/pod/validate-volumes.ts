import { isDns1123Label, isDns1123Subdomain } from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  required,
} from "../../field-error.ts";
import type {
  EmptyDirVolumeSource,
  HostPathVolumeSource,
  ImageVolumeSource,
  Volume,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateClaimTemplate } from "../persistent-volume-claim/validate-spec.ts";
import { validateDescendingPath, validateNoBacksteps } from "./validate-paths.ts";
import {
  validateConfigMapVolume,
  validateDownwardApiVolume,
  validateProjectedVolume,
  validateSecretVolume,
} from "./validate-projections.ts";
import { STORAGE_RULES } from "./validate-storage-volumes.ts";

/** What the volumes are checked for: a template has no name, and leaves an image volume's reference open. */
export interface VolumeOptions {
  podName?: string | undefined;
  isPod: boolean;
}

export interface VolumeCheck {
  errors: FieldError[];
  /** Those that are valid, by name: mounts may refer to them. */
  volumes: ReadonlyMap<string, Volume>;
}

export function validateVolumes(
  list: readonly Volume[] | undefined,
  path: string,
  options: VolumeOptions,
): VolumeCheck {
  const errors: FieldError[] = [];
  const volumes = new Map<string, Volume>();
  const claims = new Set(claimsOfEphemeral(list ?? [], options.podName));
  list?.forEach((volume, index) => {
    const at = `${path}[${index}]`;
    const own = validateVolumeSource(volume, at, options);
    if (!volume.name) own.push(required(`${at}.name`));
    else own.push(...invalidEach(`${at}.name`, volume.name, isDns1123Label(volume.name)));
    if (volumes.has(volume.name)) own.push(duplicate(`${at}.name`, volume.name));
    if (own.length === 0) volumes.set(volume.name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && claims.has(claim)) {
      const why = "must not reference a PVC that gets created for an ephemeral volume";
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, why));
    }
  });
  return { errors, volumes };
}

function claimsOfEphemeral(list: readonly Volume[], podName: string | undefined): string[] {
  if (!podName) return [];
  return list.filter((volume) => volume.ephemeral !== undefined).map((volume) => `${podName}-${volume.name}`);
}

type Rule = (volume: Volume, path: string, options: VolumeOptions) => FieldError[];

/** In the order in which upstream looks at them: the first one given is the volume, the others are too many. */
const RULES: readonly [name: keyof Volume, rule: Rule, tooManyAt?: string][] = [
  ["emptyDir", ({ emptyDir }, path) => validateEmptyDir(emptyDir!, `${path}.emptyDir`)],
  ["hostPath", ({ hostPath }, path) => validateHostPath(hostPath!, `${path}.hostPath`)],
  [
    "gitRepo",
    ({ gitRepo }, path) => [
      ...(gitRepo!.repository ? [] : [required(`${path}.gitRepo.repository`)]),
      ...validateDescendingPath(gitRepo!.directory ?? "", `${path}.gitRepo.directory`),
    ],
  ],
  STORAGE_RULES.gcePersistentDisk,
  STORAGE_RULES.awsElasticBlockStore,
  ["secret", ({ secret }, path) => validateSecretVolume(secret!, `${path}.secret`)],
  STORAGE_RULES.nfs,
  STORAGE_RULES.iscsi,
  STORAGE_RULES.glusterfs,
  STORAGE_RULES.flocker,
  [
    "persistentVolumeClaim",
    ({ persistentVolumeClaim: claim }, path) =>
      claim!.claimName ? [] : [required(`${path}.persistentVolumeClaim.claimName`)],
  ],
  STORAGE_RULES.rbd,
  STORAGE_RULES.cinder,
  STORAGE_RULES.cephfs,
  STORAGE_RULES.quobyte,
  // Spelt so upstream.
  [
    "downwardAPI",
    ({ downwardAPI }, path) => validateDownwardApiVolume(downwardAPI!, `${path}.downwardAPI`),
    "downwarAPI",
  ],
  STORAGE_RULES.fc,
  STORAGE_RULES.flexVolume,
  ["configMap", ({ configMap }, path) => validateConfigMapVolume(configMap!, `${path}.configMap`)],
  STORAGE_RULES.azureFile,
  STORAGE_RULES.vsphereVolume,
  STORAGE_RULES.photonPersistentDisk,
  STORAGE_RULES.portworxVolume,
  STORAGE_RULES.azureDisk,
  STORAGE_RULES.storageos,
  ["projected", ({ projected }, path) => validateProjectedVolume(projected!, `${path}.projected`)],
  STORAGE_RULES.scaleIO,
  STORAGE_RULES.csi,
  ["ephemeral", validateEphemeral],
  ["image", ({ image }, path, { isPod }) => validateImageVolume(image!, `${path}.image`, isPod)],
];

function validateVolumeSource(volume: Volume, path: string, options: VolumeOptions): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const [name, rule, tooManyAt = name] of RULES) {
    if (volume[name] === undefined) continue;
    if (count++ === 0) errors.push(...rule(volume, path, options));
    else errors.push(forbidden(`${path}.${tooManyAt}`, "may not specify more than 1 volume type"));
    if (name === "iscsi") errors.push(...iscsiNameLength(volume, path));
  }
  return count === 0 ? [required(path, "must specify a volume type")] : errors;
}

const MAX_ISCSI_NAME = 64;

function iscsiNameLength({ name, iscsi }: Volume, path: string): FieldError[] {
  if (iscsi?.initiatorName === undefined || `${name}:${iscsi.targetPortal}`.length <= MAX_ISCSI_NAME)
    return [];
  const why =
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
  return [invalid(`${path}.name`, name, why)];
}

function validateEmptyDir({ sizeLimit }: EmptyDirVolumeSource, path: string): FieldError[] {
  if (!sizeLimit?.startsWith("-")) return [];
  return [forbidden(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity")];
}

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

export function validateHostPath(source: HostPathVolumeSource, path: string): FieldError[] {
  if (!source.path) return [required(`${path}.path`)];
  const errors = validateNoBacksteps(source.path, `${path}.path`);
  if (source.type === undefined || HOST_PATH_TYPES.includes(source.type)) return errors;
  return [...errors, notSupported(`${path}.type`, source.type, HOST_PATH_TYPES)];
}

function validateEphemeral(volume: Volume, path: string, { podName }: VolumeOptions): FieldError[] {
  const template = volume.ephemeral!.volumeClaimTemplate;
  const at = `${path}.ephemeral.volumeClaimTemplate`;
  const errors = template === undefined ? [required(at)] : validateClaimTemplate(template, at);
  if (!podName || !volume.name) return errors;
  const claim = `${podName}-${volume.name}`;
  for (const problem of isDns1123Subdomain(claim)) {
    errors.push(invalid(`${path}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${problem}`));
  }
  return errors;
}

function validateImageVolume(image: ImageVolumeSource, path: string, isPod: boolean): FieldError[] {
  return [
    ...(isPod && !image.reference ? [required(`${path}.reference`)] : []),
    ...oneOf(`${path}.pullPolicy`, image.pullPolicy, ["Always", "IfNotPresent", "Never"]),
  ];
}
