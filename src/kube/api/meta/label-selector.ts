import { isLabelValue, isQualifiedName, type LabelSelectorObject } from "../../../formats/index.ts";
import { forbidden, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { validateLabels } from "./object-meta.ts";

/** A LabelSelector inside an object (apimachinery ValidateLabelSelector). */
export function validateLabelSelector(selector: LabelSelectorObject | undefined, path: string): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabels(selector.matchLabels, `${path}.matchLabels`);
  selector.matchExpressions?.forEach((expression, index) => {
    errors.push(...validateRequirement(expression, `${path}.matchExpressions[${index}]`));
  });
  return errors;
}

type Requirement = NonNullable<LabelSelectorObject["matchExpressions"]>[number];

function validateRequirement({ key, operator, values = [] }: Requirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) {
        errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) {
        errors.push(
          forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      }
      break;
    default:
      errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  }
  errors.push(...invalidEach(`${path}.key`, key ?? "", isQualifiedName(key ?? "")));
  values.forEach((value, index) => {
    errors.push(...invalidEach(`${path}.values[${index}]`, value, isLabelValue(value)));
  });
  return errors;
}

export function isEmptySelector(selector: LabelSelectorObject | undefined): boolean {
  return (
    Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
  );
}

interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** One requirement of a node affinity term. */
export function validateNodeSelectorRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  switch (operator) {
    case "In":
    case "NotIn":
      if (values.length === 0) {
        errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (values.length > 0) {
        errors.push(
          forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        );
      }
      break;
    case "Gt":
    case "Lt":
      if (values.length !== 1) {
        errors.push(
          required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
        );
      }
      break;
    default:
      errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  }
  return [...errors, ...invalidEach(`${path}.key`, key ?? "", isQualifiedName(key ?? ""))];
}

export const unsupportedNodeField = (path: string, key: string): FieldError =>
  notSupported(path, key, ["metadata.name"]);
