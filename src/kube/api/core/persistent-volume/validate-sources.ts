import { isDns1123Label, isDns1123Subdomain } from "../../../../formats/index.ts";
import { forbidden, invalid, invalidEach, required } from "../../field-error.ts";
import type {
  AzureFilePersistentVolumeSource,
  CSIPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  LocalVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
  StorageOSPersistentVolumeSource,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateNoBacksteps } from "../pod/validate-paths.ts";
import {
  INITIATOR_NAMES,
  lunOf,
  needing,
  needs,
  STORAGE_RULES,
  storageOsNames,
  validateCsiDriverName,
} from "../pod/validate-storage-volumes.ts";
import { validateHostPath } from "../pod/validate-volumes.ts";

type Rule = (spec: PersistentVolumeSpec, path: string, name: string) => FieldError[];

/** A rule for what stands at its own name. */
function rule<K extends keyof PersistentVolumeSpec & string>(
  name: K,
  check: (source: NonNullable<PersistentVolumeSpec[K]>, path: string, name: string) => FieldError[],
): [name: K, rule: Rule] {
  return [name, (spec, path, volume) => check(spec[name]!, `${path}.${name}`, volume)];
}

/** In the order in which upstream looks at them: the first one given is the volume, the others are too many. */
const RULES: readonly [name: keyof PersistentVolumeSpec & string, rule: Rule, tooManyAt?: string][] = [
  rule("hostPath", validateHostPath),
  STORAGE_RULES.gcePersistentDisk,
  STORAGE_RULES.awsElasticBlockStore,
  rule("glusterfs", validateGlusterfs),
  STORAGE_RULES.flocker,
  STORAGE_RULES.nfs,
  STORAGE_RULES.rbd,
  STORAGE_RULES.quobyte,
  STORAGE_RULES.cephfs,
  rule("iscsi", validateIscsi),
  rule("cinder", (source, path) => [
    ...needs(source, path, "volumeID"),
    ...secretNames(source.secretRef, path),
  ]),
  STORAGE_RULES.fc,
  STORAGE_RULES.flexVolume,
  rule("azureFile", validateAzureFile),
  STORAGE_RULES.vsphereVolume,
  STORAGE_RULES.photonPersistentDisk,
  STORAGE_RULES.portworxVolume,
  STORAGE_RULES.azureDisk,
  rule("scaleIO", needing("gateway", "system", "volumeName")),
  ["local", ({ local, nodeAffinity }, path) => validateLocal(local!, nodeAffinity !== undefined, path)],
  rule("storageos", validateStorageOs),
  rule("csi", validateCsi),
];

/** The names of the sources, one of which a volume has. */
export const SOURCE_NAMES: readonly (keyof PersistentVolumeSpec & string)[] = RULES.map(([name]) => name);

/** The volume's one source; `name` is the volume's. */
export function validateVolumeSources(spec: PersistentVolumeSpec, path: string, name: string): FieldError[] {
  const errors: FieldError[] = [];
  let count = 0;
  for (const [source, check, tooManyAt = source] of RULES) {
    if (spec[source] === undefined) continue;
    // Upstream forgets to ask of this one whether it is too many.
    if (count++ === 0 || source === "flexVolume") errors.push(...check(spec, path, name));
    else errors.push(forbidden(`${path}.${tooManyAt}`, "may not specify more than 1 volume type"));
  }
  return count === 0 ? [required(path, "must specify a volume type")] : errors;
}

function validateGlusterfs(source: GlusterfsPersistentVolumeSource, path: string): FieldError[] {
  const errors = needs(source, path, "endpoints", "path");
  const { endpointsNamespace: namespace } = source;
  if (namespace === undefined) return errors;
  const at = `${path}.endpointsNamespace`;
  if (namespace !== "") return [...errors, ...invalidEach(at, namespace, isDns1123Label(namespace))];
  const why = "if the endpointnamespace is set, it must be a valid namespace name";
  return [...errors, invalid(at, namespace, why)];
}

const MAX_ISCSI_NAME = 64;

function validateIscsi(source: ISCSIPersistentVolumeSource, path: string, name: string): FieldError[] {
  const { targetPortal, iqn, initiatorName, secretRef } = source;
  const errors = needs(source, path, "targetPortal");
  if (initiatorName !== undefined && `${name}:${targetPortal}`.length > MAX_ISCSI_NAME) {
    const why =
      "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
    errors.push(invalid(`${path}.targetportal`, targetPortal, why));
  }
  errors.push(...needs(source, path, "iqn"));
  if (iqn) errors.push(...validateIscsiName(iqn, `${path}.iqn`));
  errors.push(...lunOf(source.lun, path));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && secretRef === undefined)
    errors.push(required(`${path}.secretRef`));
  if (secretRef !== undefined && !secretRef.name) errors.push(required(`${path}.secretRef.name`));
  if (initiatorName !== undefined) errors.push(...validateIscsiName(initiatorName, `${path}.initiatorname`));
  return errors;
}

function validateIscsiName(name: string, path: string): FieldError[] {
  const form = INITIATOR_NAMES.find(([prefix]) => name.startsWith(prefix));
  return form?.[1].test(name) ? [] : [invalid(path, name, "must be valid format")];
}

/** A reference to a secret names its namespace as well: the volume has none. */
function secretNames(ref: { name?: string; namespace?: string } | undefined, path: string): FieldError[] {
  return ref === undefined ? [] : needs(ref, `${path}.secretRef`, "name", "namespace");
}

function validateAzureFile(source: AzureFilePersistentVolumeSource, path: string): FieldError[] {
  const errors = needs(source, path, "secretName", "shareName");
  return source.secretNamespace === "" ? [...errors, required(`${path}.secretNamespace`)] : errors;
}

function validateLocal(local: LocalVolumeSource, hasAffinity: boolean, path: string): FieldError[] {
  const at = `${path}.local.path`;
  return [
    ...(local.path ? validateNoBacksteps(local.path, at) : [required(at)]),
    ...(hasAffinity ? [] : [required(`${path}.nodeAffinity`, "Local volume requires node affinity")]),
  ];
}

function validateStorageOs(source: StorageOSPersistentVolumeSource, path: string): FieldError[] {
  return [...storageOsNames(source, path), ...secretNames(source.secretRef, path)];
}

const CSI_SECRETS = [
  "controllerPublishSecretRef",
  "controllerExpandSecretRef",
  "nodePublishSecretRef",
  "nodeExpandSecretRef",
] as const;

function validateCsi(source: CSIPersistentVolumeSource, path: string): FieldError[] {
  const errors = [
    ...validateCsiDriverName(source.driver, `${path}.driver`),
    ...needs(source, path, "volumeHandle"),
  ];
  for (const field of CSI_SECRETS) {
    const ref = source[field];
    if (ref !== undefined) errors.push(...validateSecretReference(ref, `${path}.${field}`));
  }
  return errors;
}

function validateSecretReference({ name, namespace }: SecretReference, path: string): FieldError[] {
  return [
    ...(name ? invalidEach(`${path}.name`, name, isDns1123Subdomain(name)) : [required(`${path}.name`)]),
    ...(namespace
      ? invalidEach(`${path}.namespace`, namespace, isDns1123Label(namespace))
      : [required(`${path}.namespace`)]),
  ];
}
