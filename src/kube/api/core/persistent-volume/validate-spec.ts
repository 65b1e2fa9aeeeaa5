import { posix } from "node:path";
import { compareQuantities, isDns1123Subdomain, quantityValue } from "../../../../formats/index.ts";
import {
  forbidden,
  GoLiteral,
  invalid,
  invalidEach,
  notSupported,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type { PersistentVolumeSpec, VolumeNodeAffinity } from "../../generated/types.ts";
import { goQuantity } from "../../go-value.ts";
import { validateNodeSelector } from "../../meta/label-selector.ts";
import type { FieldError } from "../../types.ts";
import { VOLUME_MODES, validateAccessModes } from "../persistent-volume-claim/validate-spec.ts";
import { validateVolumeSources } from "./validate-sources.ts";

const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];

/** `ValidatePersistentVolumeSpec` of a volume of this name. */
export function validateVolumeSpec(spec: PersistentVolumeSpec, path: string, name: string): FieldError[] {
  return [
    ...validateModes(spec, path),
    ...validateCapacity(spec.capacity, `${path}.capacity`),
    ...(spec.persistentVolumeReclaimPolicy
      ? optionalOneOf(
          `${path}.persistentVolumeReclaimPolicy`,
          spec.persistentVolumeReclaimPolicy,
          RECLAIM_POLICIES,
        )
      : []),
    ...validateAffinity(spec.nodeAffinity, `${path}.nodeAffinity`),
    ...validateVolumeSources(spec, path, name),
    ...validateRecycling(spec, path),
    ...(spec.storageClassName
      ? invalidEach(
          `${path}.storageClassName`,
          spec.storageClassName,
          isDns1123Subdomain(spec.storageClassName),
        )
      : []),
    ...optionalOneOf(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES),
  ];
}

const INLINE = "in the context of inline volumes";

/** The same of a spec that stands in an attachment: a CSI volume that no claim knows. */
export function validateInlineVolumeSpec(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string) =>
    errors.push(forbidden(`${path}.${field}`, `may not be specified ${INLINE}`));
  if (spec.claimRef !== undefined) refuse("claimRef");
  if (Object.keys(spec.capacity ?? {}).length > 0) refuse("capacity");
  if (spec.csi === undefined) errors.push(required(`${path}.csi`, `has to be specified ${INLINE}`));
  errors.push(...validateModes(spec, path));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== "Retain")
    errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, `may only be Retain ${INLINE}`));
  if (spec.nodeAffinity !== undefined) refuse("nodeAffinity");
  errors.push(...validateVolumeSources(withoutAffinity(spec), path, ""), ...validateRecycling(spec, path));
  if (spec.storageClassName) refuse("storageClassName");
  if (spec.volumeMode !== undefined && spec.volumeMode !== "Filesystem") {
    const why = `may not specify volumeMode other than Filesystem ${INLINE}`;
    errors.push(forbidden(`${path}.volumeMode`, why));
  }
  return errors;
}

/** What is refused does not count as an affinity for a local volume. */
function withoutAffinity({ nodeAffinity: _, ...spec }: PersistentVolumeSpec): PersistentVolumeSpec {
  return spec;
}

function validateModes({ accessModes = [] }: PersistentVolumeSpec, path: string): FieldError[] {
  const at = `${path}.accessModes`;
  return [...(accessModes.length === 0 ? [required(at)] : []), ...validateAccessModes(accessModes, at)];
}

function validateCapacity(given: Record<string, string> | undefined, path: string): FieldError[] {
  const capacity = given ?? {};
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required(path)] : [];
  if (names.length !== 1 || names[0] !== "storage")
    errors.push(notSupported(path, goResourceList(given), ["storage"]));
  for (const [name, amount] of Object.entries(capacity)) {
    const at = `${path}[${name}]`;
    const value = quantityValue(amount);
    if (value < 0) errors.push(invalid(at, value, "must be a valid resource quantity"));
    if (compareQuantities(amount, "0") <= 0) errors.push(invalid(at, amount, "must be greater than zero"));
  }
  return errors;
}

function goResourceList(list: Record<string, string> | undefined): GoLiteral {
  if (list === undefined) return new GoLiteral("core.ResourceList(nil)");
  const names = Object.keys(list).sort();
  const pairs = names.map((name) => `${JSON.stringify(name)}:${goQuantity(list[name]!).text}`);
  return new GoLiteral(`core.ResourceList{${pairs.join(", ")}}`);
}

function validateAffinity(affinity: VolumeNodeAffinity | undefined, path: string): FieldError[] {
  if (affinity === undefined) return [];
  const at = `${path}.required`;
  return affinity.required === undefined
    ? [required(at, "must specify required node constraints")]
    : validateNodeSelector(affinity.required, at);
}

/** The root of a node is not to be wiped. */
function validateRecycling(
  { hostPath, persistentVolumeReclaimPolicy }: PersistentVolumeSpec,
  path: string,
): FieldError[] {
  const isRoot = hostPath !== undefined && posix.normalize(hostPath.path) === "/";
  return isRoot && persistentVolumeReclaimPolicy === "Recycle"
    ? [forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'")]
    : [];
}
