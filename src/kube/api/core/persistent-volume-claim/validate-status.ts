import { isQualifiedName, quantityValue } from "../../../../formats/index.ts";
import { invalid, invalidEach, notSupported, printed, required } from "../../field-error.ts";
import type { PersistentVolumeClaim } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { isNativeResource } from "../pod/validate-resources.ts";

const RESIZE_STATUSES = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
].sort();

/** `ValidatePersistentVolumeClaimStatusUpdate`. */
export function validateClaimStatus({ spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const { capacity = {}, allocatedResourceStatuses: resizes = {}, allocatedResources = {} } = status;
  return [
    ...(spec.accessModes?.length ? [] : [required("Spec.accessModes")]),
    ...Object.entries(capacity).flatMap(([name, amount]) =>
      validateAmount(amount, `status.capacity[${name}]`),
    ),
    ...Object.entries(resizes).flatMap(([name, resize]) =>
      validateResize(name, resize, "status.allocatedResourceStatus"),
    ),
    ...Object.entries(allocatedResources).flatMap(([name, amount]) => {
      const path = "status.allocatedResources";
      const ofName = validateName(name, path);
      return ofName.length > 0 ? ofName : validateAmount(amount, `${path}[${name}]`);
    }),
  ];
}

function validateAmount(amount: string, path: string): FieldError[] {
  const value = quantityValue(amount);
  return value < 0 ? [invalid(path, value, "must be a valid resource quantity")] : [];
}

/** Upstream gives the resource's name where the status is not known. */
function validateResize(name: string, resize: string, path: string): FieldError[] {
  const errors = validateName(name, path);
  if (RESIZE_STATUSES.includes(resize)) return errors;
  return [...errors, notSupported(path, printed(name), RESIZE_STATUSES)];
}

/** Of the names without a prefix only storage is one that a claim has. */
function validateName(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || !isNativeResource(name) || name === "storage") return errors;
  return [notSupported(path, name, ["storage"])];
}
