import { cloneJson, compareQuantities, jsonEquals } from "../../../../formats/index.ts";
import { forbidden, IMMUTABLE, invalid } from "../../field-error.ts";
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "../../generated/types.ts";
import { goDiff } from "../../go-diff/go-diff.ts";
import type { FieldError } from "../../types.ts";
import { STORAGE_CLASS_ANNOTATION } from "../storage-class-name.ts";
import { normalizeDataSources } from "./data-sources.ts";

type Claim = Pick<PersistentVolumeClaim, "metadata" | "spec" | "status">;

/** What stays as it is when a claim changes (ValidatePersistentVolumeClaimUpdate, without the rules of every claim). */
export function validateClaimUpdate(next: Claim, previous: Claim): FieldError[] {
  const errors: FieldError[] = [];
  const before = cloneJson(previous.spec);
  normalizeDataSources(before);
  const annotation = next.metadata.annotations?.[STORAGE_CLASS_ANNOTATION] ?? "";
  if (!isClassFromAnnotation(next, previous) && annotation !== classAnnotation(previous)) {
    const path = `metadata.annotations.${STORAGE_CLASS_ANNOTATION}`;
    errors.push(invalid(path, annotation, IMMUTABLE));
  }
  errors.push(...validateSpecUpdate(withAllowedChanges(next, previous), before, next.spec));
  errors.push(...validateSizeUpdate(next, previous));
  if (next.spec.volumeMode !== before.volumeMode)
    errors.push(invalid("volumeMode", next.spec.volumeMode, IMMUTABLE));
  return [...errors, ...validateAttributesUpdate(next.spec, before)];
}

const classAnnotation = ({ metadata }: Claim) => metadata.annotations?.[STORAGE_CLASS_ANNOTATION] ?? "";

/** A claim whose class stands in the annotation may say it by the field instead. */
function isClassFromAnnotation(next: Claim, previous: Claim): boolean {
  const before = previous.metadata.annotations?.[STORAGE_CLASS_ANNOTATION];
  const now = next.metadata.annotations?.[STORAGE_CLASS_ANNOTATION];
  return (
    before !== undefined &&
    previous.spec.storageClassName === undefined &&
    next.spec.storageClassName === before &&
    (now === undefined || now === before)
  );
}

/** A claim without a class may get one. */
function isClassFromNothing(next: Claim, previous: Claim): boolean {
  const annotation = previous.metadata.annotations?.[STORAGE_CLASS_ANNOTATION];
  const { storageClassName } = next.spec;
  return (
    storageClassName !== undefined &&
    previous.spec.storageClassName === undefined &&
    (annotation === undefined || annotation === storageClassName)
  );
}

/** The new spec with all that may change set back to what it was. */
function withAllowedChanges(next: Claim, previous: Claim): PersistentVolumeClaimSpec {
  const out = cloneJson(next.spec);
  if (isClassFromAnnotation(next, previous) || isClassFromNothing(next, previous))
    delete out.storageClassName;
  if (next.status?.phase !== "Bound") return out;
  const size = previous.spec.resources?.requests?.storage;
  if (out.resources?.requests !== undefined) out.resources.requests.storage = size ?? "0";
  if (out.volumeAttributesClassName !== undefined) {
    const { volumeAttributesClassName: before } = previous.spec;
    if (before === undefined) delete out.volumeAttributesClassName;
    else out.volumeAttributesClassName = before;
  }
  return out;
}

function validateSpecUpdate(
  next: PersistentVolumeClaimSpec,
  previous: PersistentVolumeClaimSpec,
  given: PersistentVolumeClaimSpec,
): FieldError[] {
  // The volume's name is set once.
  const { volumeName: _, ...unbound } = previous;
  const before = previous.volumeName ? previous : { ...unbound, ...nameOf(given) };
  if (jsonEquals(next, before)) return [];
  const what =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
  return [forbidden("spec", `${what}\n${goDiff("core.PersistentVolumeClaimSpec", before, next)}`)];
}

const nameOf = ({ volumeName }: PersistentVolumeClaimSpec) =>
  volumeName === undefined ? {} : { volumeName };

/** A claim that could not grow may ask for less again, but not for less than it has. */
function validateSizeUpdate(next: Claim, previous: Claim): FieldError[] {
  const sizeOf = ({ spec }: Claim) => spec.resources?.requests?.storage ?? "0";
  if (compareQuantities(sizeOf(next), sizeOf(previous)) >= 0) return [];
  if (compareQuantities(sizeOf(next), previous.status?.capacity?.storage ?? "0") > 0) return [];
  return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")];
}

function validateAttributesUpdate(
  { volumeAttributesClassName: now }: PersistentVolumeClaimSpec,
  { volumeAttributesClassName: before }: PersistentVolumeClaimSpec,
): FieldError[] {
  if (now === before) return [];
  const path = "spec.volumeAttributesClassName";
  const errors = [
    forbidden(path, "update is forbidden when the VolumeAttributesClass feature gate is disabled"),
  ];
  if (now === undefined) errors.push(forbidden(path, "update from non-nil value to nil is forbidden"));
  if (now === "") errors.push(forbidden(path, "update from non-nil value to an empty string is forbidden"));
  return errors;
}
