import { errorMessage } from "../../../base/index.ts";
import { invalid } from "../field-error.ts";
import type { CustomResourceSubresourceScale } from "../generated/types.ts";
import type { FieldError, KindDefinition, KubeObject } from "../types.ts";
import { nestedInteger, nestedText } from "./nested-field.ts";

const MAX_INT32 = 2 ** 31 - 1;

export function customScale(scale: CustomResourceSubresourceScale): NonNullable<KindDefinition["scale"]> {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return {
    specReplicas: specReplicasPath,
    statusReplicas: statusReplicasPath,
    labelSelector: (object: KubeObject) =>
      labelSelectorPath ? (nestedText(object, labelSelectorPath) ?? "") : "",
  };
}

/** The number of replicas that is wanted of a custom resource. */
export function validateScaleSpec(
  object: KubeObject,
  scale: CustomResourceSubresourceScale | undefined,
): FieldError[] {
  return scale === undefined ? [] : validateReplicas(object, scale.specReplicasPath);
}

/** The number of replicas that there are, and the selector of their pods. */
export function validateScaleStatus(
  object: KubeObject,
  scale: CustomResourceSubresourceScale | undefined,
): FieldError[] {
  if (scale === undefined) return [];
  const { statusReplicasPath, labelSelectorPath } = scale;
  const errors = validateReplicas(object, statusReplicasPath);
  if (!labelSelectorPath) return errors;
  try {
    nestedText(object, labelSelectorPath);
    return errors;
  } catch (error) {
    return [...errors, invalid(labelSelectorPath, "", errorMessage(error))];
  }
}

/** Errors are told at the path with its dot. */
function validateReplicas(object: KubeObject, path: string): FieldError[] {
  let replicas: number;
  try {
    replicas = nestedInteger(object, path) ?? 0;
  } catch (error) {
    return [invalid(path, 0, errorMessage(error))];
  }
  if (replicas < 0) return [invalid(path, replicas, "should be a non-negative integer")];
  return replicas > MAX_INT32
    ? [invalid(path, replicas, `should be less than or equal to ${MAX_INT32}`)]
    : [];
}
