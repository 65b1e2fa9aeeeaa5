import { Buffer } from "node:buffer";
import { isDns1123Label, isDns1123Subdomain, isInRange } from "../../../../formats/index.ts";
import { invalid, invalidEach, notSupported, optionalOneOf, required, tooLong } from "../../field-error.ts";
import type {
  AzureDiskVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  ISCSIVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
  Volume,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

/** Volumes of storage systems: nothing here runs them, but what they say must make sense. */
type StorageRule<K extends keyof Volume> = [
  name: K,
  rule: (volume: Pick<Volume, K>, path: string) => FieldError[],
  tooManyAt?: string,
];

function rule<K extends keyof Volume>(
  name: K,
  check: (source: NonNullable<Volume[K]>, path: string) => FieldError[],
  { at = name as string, tooManyAt = name as string } = {},
): StorageRule<K> {
  return [name, (volume, path) => check(volume[name]!, `${path}.${at}`), tooManyAt];
}

/** Texts or lists that must not be empty. */
export function needs(source: object, path: string, ...fields: string[]): FieldError[] {
  const values = source as Record<string, string | unknown[] | null | undefined>;
  return fields.filter((field) => !values[field]?.length).map((field) => required(`${path}.${field}`));
}

export const needing =
  (...fields: string[]) =>
  (source: object, path: string) =>
    needs(source, path, ...fields);

const MAX_LUN = 255;

export function lunOf(lun: number | undefined, path: string): FieldError[] {
  return invalidEach(`${path}.lun`, lun ?? 0, isInRange(lun ?? 0, 0, MAX_LUN));
}

function partitionOf(partition: number | undefined, path: string): FieldError[] {
  if ((partition ?? 0) >= 0 && (partition ?? 0) <= MAX_LUN) return [];
  return [invalid(`${path}.partition`, partition, "must be between 1 and 255, inclusive")];
}

export const STORAGE_RULES = {
  gcePersistentDisk: rule(
    "gcePersistentDisk",
    (source, path) => [...needs(source, path, "pdName"), ...partitionOf(source.partition, path)],
    { at: "persistentDisk" },
  ),
  awsElasticBlockStore: rule("awsElasticBlockStore", (source, path) => [
    ...needs(source, path, "volumeID"),
    ...partitionOf(source.partition, path),
  ]),
  nfs: rule("nfs", (source, path) => [
    ...needs(source, path, "server", "path"),
    ...(source.path?.startsWith("/")
      ? []
      : [invalid(`${path}.path`, source.path ?? "", "must be an absolute path")]),
  ]),
  iscsi: rule("iscsi", validateIscsi),
  glusterfs: rule("glusterfs", needing("endpoints", "path")),
  flocker: rule("flocker", validateFlocker),
  rbd: rule("rbd", needing("monitors", "image")),
  cinder: rule("cinder", (source, path) => [
    ...needs(source, path, "volumeID"),
    ...secretName(source.secretRef, path),
  ]),
  cephfs: rule("cephfs", needing("monitors"), { tooManyAt: "cephFS" }),
  quobyte: rule("quobyte", validateQuobyte),
  fc: rule("fc", validateFc),
  flexVolume: rule("flexVolume", validateFlex),
  azureFile: rule("azureFile", needing("secretName", "shareName")),
  vsphereVolume: rule("vsphereVolume", needing("volumePath")),
  photonPersistentDisk: rule("photonPersistentDisk", needing("pdID")),
  portworxVolume: rule("portworxVolume", needing("volumeID")),
  azureDisk: rule("azureDisk", validateAzureDisk),
  storageos: rule("storageos", validateStorageOs),
  scaleIO: rule("scaleIO", needing("gateway", "system", "volumeName")),
  csi: rule("csi", validateCsi),
};

function secretName(ref: { name?: string } | undefined, path: string): FieldError[] {
  return ref !== undefined && !ref.name ? [required(`${path}.secretRef.name`)] : [];
}

/** How each kind of iSCSI name is spelt. */
export const INITIATOR_NAMES: readonly [prefix: string, pattern: RegExp][] = [
  ["iqn", /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/],
  ["eui", /^eui.[A-Za-z0-9]{16}$/],
  ["naa", /^naa.[A-Za-z0-9]{32}$/],
];

function initiatorName(name: string, path: string): FieldError[] {
  const form = INITIATOR_NAMES.find(([prefix]) => name.startsWith(prefix));
  if (form === undefined) return [invalid(path, name, "must be valid format starting with iqn, eui, or naa")];
  return form[1].test(name) ? [] : [invalid(path, name, "must be valid format")];
}

function validateIscsi(source: ISCSIVolumeSource, path: string): FieldError[] {
  const errors = needs(source, path, "targetPortal", "iqn");
  if (source.iqn) errors.push(...initiatorName(source.iqn, `${path}.iqn`));
  errors.push(...lunOf(source.lun, path));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined)
    errors.push(required(`${path}.secretRef`));
  if (source.initiatorName !== undefined)
    errors.push(...initiatorName(source.initiatorName, `${path}.initiatorname`));
  return errors;
}

function validateFlocker(
  { datasetName = "", datasetUUID = "" }: FlockerVolumeSource,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID)
    errors.push(required(path, "one of datasetName and datasetUUID is required"));
  if (datasetName && datasetUUID)
    errors.push(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  if (datasetName.includes("/"))
    errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

const HOST_PORT = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;

function validateQuobyte(source: QuobyteVolumeSource, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { registry = "", tenant = "" } = source;
  const pairs = "must be a host:port pair or multiple pairs separated by commas";
  if (registry === "") errors.push(required(`${path}.registry`, pairs));
  else if (Buffer.byteLength(tenant) >= 65)
    errors.push(required(`${path}.tenant`, "must be a UUID and may not exceed a length of 64 characters"));
  else {
    const bad = registry.split(",").filter((pair) => !HOST_PORT.test(pair));
    errors.push(...bad.map(() => invalid(`${path}.registry`, registry, pairs)));
  }
  return [...errors, ...needs(source, path, "volume")];
}

function validateFc({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, path: string): FieldError[] {
  const at = `${path}.targetWWNs`;
  if (targetWWNs.length === 0)
    return wwids.length > 0 ? [] : [required(at, "must specify either targetWWNs or wwids, but not both")];
  const errors: FieldError[] = [];
  if (wwids.length > 0)
    errors.push(invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  if (lun === undefined)
    return [...errors, required(`${path}.lun`, "lun is required if targetWWNs is specified")];
  return [...errors, ...lunOf(lun, path)];
}

function validateFlex(source: FlexVolumeSource, path: string): FieldError[] {
  const errors = needs(source, path, "driver");
  for (const key of Object.keys(source.options ?? {})) {
    const slash = key.indexOf("/");
    const namespace = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`;
    if (!namespace.endsWith(".kubernetes.io") && !namespace.endsWith(".k8s.io")) continue;
    errors.push(invalid(`${path}.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved"));
  }
  return errors;
}

const MANAGED_DISK =
  "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

function validateAzureDisk(source: AzureDiskVolumeSource, path: string): FieldError[] {
  const { kind, diskURI = "" } = source;
  const errors = [
    ...needs(source, path, "diskName", "diskURI"),
    ...optionalOneOf(`${path}.cachingMode`, source.cachingMode, ["None", "ReadOnly", "ReadWrite"]),
    ...optionalOneOf(`${path}.kind`, kind, ["Dedicated", "Managed", "Shared"]),
  ];
  if (kind === undefined) return errors;
  const isManaged = kind === "Managed";
  if (diskURI.startsWith(isManaged ? "/subscriptions/" : "https://")) return errors;
  return [...errors, notSupported(`${path}.diskURI`, diskURI, [isManaged ? MANAGED_DISK : BLOB_DISK])];
}

function validateStorageOs(source: StorageOSVolumeSource, path: string): FieldError[] {
  return [...storageOsNames(source, path), ...secretName(source.secretRef, path)];
}

export function storageOsNames(
  source: Pick<StorageOSVolumeSource, "volumeName" | "volumeNamespace">,
  path: string,
): FieldError[] {
  const errors = needs(source, path, "volumeName");
  for (const field of ["volumeName", "volumeNamespace"] as const) {
    const value = source[field];
    if (value) errors.push(...invalidEach(`${path}.${field}`, value, isDns1123Label(value)));
  }
  return errors;
}

const MAX_DRIVER_NAME = 63;

/** Names of CSI drivers may have capitals (ValidateCSIDriverName). */
export function validateCsiDriverName(name: string, path: string): FieldError[] {
  return [
    ...(name === "" ? [required(path)] : []),
    ...(Buffer.byteLength(name) > MAX_DRIVER_NAME ? [tooLong(path, MAX_DRIVER_NAME)] : []),
    ...invalidEach(path, name, isDns1123Subdomain(name.toLowerCase())),
  ];
}

function validateCsi(source: CSIVolumeSource, path: string): FieldError[] {
  const errors = validateCsiDriverName(source.driver, `${path}.driver`);
  const ref = source.nodePublishSecretRef;
  if (ref === undefined) return errors;
  if (!ref.name) return [...errors, required(`${path}.nodePublishSecretRef.name`)];
  return [...errors, ...invalidEach(`${path}.name`, ref.name, isDns1123Subdomain(ref.name))];
}
