import {
  type FieldRequirement,
  labelSelectorFrom,
  parseFieldSelector,
  parseLabelSelector,
} from "../../../formats/index.ts";
import { type FieldError, forbidden, invalid, required, validateLabelRequirement } from "../../api/index.ts";

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

interface SelectorAttributes {
  rawSelector?: string;
  requirements?: Requirement[];
}

/** Which objects of a list an access review asks for. */
export interface ReviewSelectors {
  fieldSelector?: SelectorAttributes;
  labelSelector?: SelectorAttributes;
}

const AT = "spec.resourceAttributes";

export function selectorErrors({ fieldSelector, labelSelector }: ReviewSelectors): FieldError[] {
  return [
    ...errorsOf(fieldSelector, `${AT}.fieldSelector`, fieldRequirementErrors),
    ...errorsOf(labelSelector, `${AT}.labelSelector`, (one, path) =>
      validateLabelRequirement(one, path, true),
    ),
  ];
}

function errorsOf(
  selector: SelectorAttributes | undefined,
  path: string,
  ofRequirement: (requirement: Requirement, path: string) => FieldError[],
): FieldError[] {
  if (!selector) return [];
  const { rawSelector, requirements = [] } = selector;
  const errors: FieldError[] = [];
  if (rawSelector && requirements.length > 0) {
    const why = "may not specified at the same time as requirements";
    errors.push(invalid(`${path}.rawSelector`, rawSelector, why));
  }
  if (!rawSelector && requirements.length === 0) {
    const why = `when ${path} is specified, requirements or rawSelector is required`;
    errors.push(required(`${path}.requirements`, why));
  }
  const ofAll = requirements.flatMap((one, index) => ofRequirement(one, `${path}.requirements[${index}]`));
  return [...errors, ...ofAll];
}

/** An operator that is not known may be a newer one. */
function fieldRequirementErrors({ key, operator, values = [] }: Requirement, path: string): FieldError[] {
  const errors = key ? [] : [required(`${path}.key`, "must be specified")];
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues && values.length === 0) {
    errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(`${path}.values`, why));
  }
  return errors;
}

/** What cannot be understood demands nothing, and so grants nothing more (FieldSelectorAsSelector). */
export function fieldRequirementsOf({
  rawSelector,
  requirements = [],
}: SelectorAttributes): FieldRequirement[] {
  if (rawSelector) return attempted(() => parseFieldSelector(rawSelector))?.requirements.slice() ?? [];
  return requirements.flatMap((one) => fieldRequirement(one) ?? []);
}

function fieldRequirement({ key: field, operator, values = [] }: Requirement): FieldRequirement | undefined {
  if (values.length !== 1 || (operator !== "In" && operator !== "NotIn")) return undefined;
  return { field, operator: operator === "In" ? "=" : "!=", value: values[0]! };
}

/** What the review says of selectors that it did not understand (BuildEvaluationError). */
export function evaluationError({ fieldSelector, labelSelector }: ReviewSelectors): string | undefined {
  const notes = [
    note("fieldSelector", fieldSelector, parseFieldSelector, (one) => fieldRequirement(one) !== undefined),
    note("labelSelector", labelSelector, parseLabelSelector, isLabelRequirement),
  ];
  return notes.filter((one) => one !== undefined).join("; ") || undefined;
}

function isLabelRequirement(one: Requirement): boolean {
  return attempted(() => labelSelectorFrom({ matchExpressions: [one] })) !== undefined;
}

function note(
  field: string,
  { rawSelector, requirements = [] }: SelectorAttributes = {},
  parse: (text: string) => unknown,
  isUnderstood: (requirement: Requirement) => boolean,
): string | undefined {
  if (rawSelector) {
    const isKnown = attempted(() => parse(rawSelector)) !== undefined;
    return isKnown ? undefined : `${AT}.${field} ignored due to parse error`;
  }
  const understood = requirements.filter(isUnderstood).length;
  if (understood === requirements.length) return undefined;
  return `${AT}.${field} ${understood > 0 ? "partially " : ""}ignored due to parse error`;
}

function attempted<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
