import { GantryError } from "../base/index.ts";
import { isLabelValue, isQualifiedName } from "./dns-names.ts";
import { parseRequirements, type RequirementText } from "./label-selector-syntax.ts";

export type LabelOperator = RequirementText["operator"];

export interface LabelRequirement {
  key: string;
  operator: LabelOperator;
  /** Sorted. */
  values: readonly string[];
}

/** `metav1.LabelSelector`, the form in objects. */
export interface LabelSelectorObject {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  /** False for the selector of nothing (an absent LabelSelector in an object). */
  readonly matchesAnything: boolean;
  matches(labels: Record<string, string> | undefined): boolean;
  /** The form of the `labelSelector` query parameter. */
  toString(): string;
}

const NO_LABELS: Record<string, string> = {};

class RequirementSelector implements LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly matchesAnything = true;

  constructor(requirements: readonly LabelRequirement[]) {
    this.requirements = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  matches(labels: Record<string, string> = NO_LABELS): boolean {
    return this.requirements.every((requirement) => meets(requirement, labels));
  }

  toString(): string {
    return this.requirements.map(requirementText).join(",");
  }
}

export const selectNothing: LabelSelector = {
  requirements: [],
  matchesAnything: false,
  matches: () => false,
  toString: () => "",
};

export const selectEverything: LabelSelector = new RequirementSelector([]);

function meets({ key, operator, values }: LabelRequirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "in":
    case "=":
      return value !== undefined && values.includes(value);
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value);
    default: {
      if (value === undefined || !/^[+-]?\d+$/.test(value)) return false;
      const difference = BigInt(value) - BigInt(values[0]!);
      return operator === "gt" ? difference > 0n : difference < 0n;
    }
  }
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    case "gt":
      return `${key}>${values[0]}`;
    case "lt":
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

function refuse(message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: "LabelSelector.Invalid" });
}

/** Checks what `labels.NewRequirement` checks; its message is upstream's. */
function requirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const problems = isQualifiedName(key).map((why) => `key: Invalid value: ${JSON.stringify(key)}: ${why}`);
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    problems.push("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if ((operator === "gt" || operator === "lt") && !/^[+-]?\d+$/.test(values[0] ?? "")) {
    problems.push(
      `values[0]: Invalid value: ${JSON.stringify(values[0] ?? "")}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  values.forEach((value, index) => {
    for (const why of isLabelValue(value)) {
      problems.push(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${why}`);
    }
  });
  if (problems.length > 0) throw refuse(problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`);
  return { key, operator, values: [...values].sort() };
}

const parsed = new Map<string, LabelSelector>();
const PARSED_CACHE_SIZE = 1024;

/** Parses the `labelSelector` query parameter; the empty text selects everything. Throws InvalidArgument. */
export function parseLabelSelector(text: string): LabelSelector {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const selector = new RequirementSelector(
    parseRequirements(text, ({ key, operator, values }) => requirement(key, operator, values)),
  );
  if (parsed.size >= PARSED_CACHE_SIZE) parsed.clear();
  parsed.set(text, selector);
  return selector;
}

const OPERATORS: Record<string, LabelOperator> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/** The selector in an object: absent selects nothing, empty everything. Throws InvalidArgument. */
export function labelSelectorFrom(object: LabelSelectorObject | null | undefined): LabelSelector {
  if (object === undefined || object === null) return selectNothing;
  const requirements = Object.entries(object.matchLabels ?? {}).map(([key, value]) =>
    requirement(key, "=", [value]),
  );
  for (const { key, operator, values = [] } of object.matchExpressions ?? []) {
    const known = OPERATORS[operator];
    if (known === undefined)
      throw refuse(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push(requirement(key, known, values));
  }
  return new RequirementSelector(requirements);
}

/** A plain map as selector (Service, ReplicationController): all pairs must be there. */
export function labelSelectorFromSet(labels: Record<string, string> | undefined): LabelSelector {
  return new RequirementSelector(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=" as const, values: [value] })),
  );
}

/** `metav1.FormatLabelSelector`: what tables show. */
export function formatLabelSelector(object: LabelSelectorObject | null | undefined): string {
  try {
    return labelSelectorFrom(object).toString() || "<none>";
  } catch {
    return "<error>";
  }
}

/** `labels.FormatLabels`: `a=b,c=d` in order of the keys, or `<none>`. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? "<none>" : keys.map((key) => `${key}=${labels![key]}`).join(",");
}
