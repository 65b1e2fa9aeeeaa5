import {
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
  type LabelSelectorObject,
} from "../../../formats/index.ts";
import { forbidden, invalid, invalidEach, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { validateLabels } from "./object-meta.ts";

/** A LabelSelector inside an object (apimachinery ValidateLabelSelector). */
export function validateLabelSelector(selector: LabelSelectorObject | undefined, path: string): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabels(selector.matchLabels, `${path}.matchLabels`);
  selector.matchExpressions?.forEach((expression, index) => {
    errors.push(...validateLabelRequirement(expression, `${path}.matchExpressions[${index}]`));
  });
  return errors;
}

type Requirement = NonNullable<LabelSelectorObject["matchExpressions"]>[number];

/** One of its requirements; where newer clients ask, their operators may be unknown. */
export function validateLabelRequirement(
  { key, operator, values = [] }: Requirement,
  path: string,
  allowsUnknownOperators = false,
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
    default:
      if (!allowsUnknownOperators)
        errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  }
  errors.push(...invalidEach(`${path}.key`, key ?? "", isQualifiedName(key ?? "")));
  values.forEach((value, index) => {
    errors.push(...invalidEach(`${path}.values[${index}]`, value, isLabelValue(value)));
  });
  return errors;
}

/** As `validateLabelSelector`, with upstream's second error for one that cannot be used (its value is then nothing). */
export function validateUsableSelector(selector: LabelSelectorObject, path: string): FieldError[] {
  const errors = validateLabelSelector(selector, path);
  return errors.length === 0 ? [] : [...errors, invalid(path, undefined, "invalid label selector.")];
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

/** One requirement of a node affinity term; preferences are not held to valid values. */
export function validateNodeSelectorRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
  checksValues: boolean,
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
      errors.push(invalid(`${path}.operator`, operator, "not a valid selector operator"));
  }
  errors.push(...invalidEach(`${path}.key`, key, isQualifiedName(key)));
  if (!checksValues) return errors;
  values.forEach((value, index) => {
    errors.push(...invalidEach(`${path}.values[${index}]`, value, isLabelValue(value)));
  });
  return errors;
}

/** One requirement on a field of the node; its name is the only one. */
export function validateNodeFieldRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn")
    errors.push(invalid(`${path}.operator`, operator, "not a valid selector operator"));
  else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${path}.values`, why));
  }
  if (key !== "metadata.name")
    return [...errors, invalid(`${path}.key`, key, "not a valid field selector key")];
  values.forEach((value, index) => {
    errors.push(...invalidEach(`${path}.values[${index}]`, value, isDns1123Subdomain(value)));
  });
  return errors;
}

interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

export function validateNodeSelectorTerm(
  term: NodeSelectorTerm,
  path: string,
  checksValues: boolean,
): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((one, index) =>
      validateNodeSelectorRequirement(one, `${path}.matchExpressions[${index}]`, checksValues),
    ),
    ...(term.matchFields ?? []).flatMap((one, index) =>
      validateNodeFieldRequirement(one, `${path}.matchFields[${index}]`),
    ),
  ];
}

/** `ValidateNodeSelector`: one term at least. */
export function validateNodeSelector(
  selector: { nodeSelectorTerms?: NodeSelectorTerm[] | null },
  path: string,
): FieldError[] {
  const at = `${path}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, `${at}[${index}]`, true));
}
