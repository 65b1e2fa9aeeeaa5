import { isQualifiedName } from "../../../formats/index.ts";
import {
  duplicate,
  GoLiteral,
  invalid,
  invalidEach,
  invalidUnshown,
  nonNegative,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../field-error.ts";
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import { countIndexes } from "./index-intervals.ts";

const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_PATTERNS = 20;
const MAX_INDEXES_BYTES = 64 * 1024;
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];

/** As Go's `%q` prints a list. */
const validValues = (values: readonly string[]) =>
  `valid values: [${values.map((value) => JSON.stringify(value)).join(" ")}]`;

function oneOfListed(path: string, value: string, values: readonly string[]): FieldError[] {
  if (value === "") return [required(path, validValues(values))];
  return values.includes(value) ? [] : [notSupported(path, value, values)];
}

export function validatePodFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers, initContainers } = spec.template?.spec ?? {};
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name));
  return [
    ...(rules.length > MAX_RULES ? [tooMany(`${path}.rules`, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, index) => validateFailureRule(spec, rule, `${path}.rules[${index}]`, names)),
  ];
}

function validateFailureRule(
  spec: JobSpec,
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  path: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const errors = oneOfListed(`${path}.action`, action, ACTIONS);
  if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined)
    errors.push(invalid(`${path}.action`, action, "requires the backoffLimitPerIndex to be set"));
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, `${path}.onExitCodes`, containers));
  errors.push(...validatePatterns(onPodConditions, `${path}.onPodConditions`));
  const hasPatterns = onPodConditions.length > 0;
  if (onExitCodes && hasPatterns)
    errors.push(invalidUnshown(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!onExitCodes && !hasPatterns)
    errors.push(invalidUnshown(path, "specifying one of OnExitCodes and OnPodConditions is required"));
  return errors;
}

function validatePatterns(
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  path: string,
): FieldError[] {
  return [
    ...(patterns.length > MAX_PATTERNS ? [tooMany(path, patterns.length, MAX_PATTERNS)] : []),
    ...patterns.flatMap(({ type, status }, index) => [
      ...invalidEach(`${path}[${index}].type`, type, isQualifiedName(type)),
      ...oneOfListed(`${path}[${index}].status`, status ?? "", STATUSES),
    ]),
  ];
}

function validateExitCodes(
  { operator, containerName, values: given }: PodFailurePolicyOnExitCodesRequirement,
  path: string,
  containers: ReadonlySet<string>,
): FieldError[] {
  const values = given ?? [];
  const at = `${path}.values`;
  const errors = oneOfListed(`${path}.operator`, operator, OPERATORS);
  if (containerName !== undefined && !containers.has(containerName)) {
    const why = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(`${path}.containerName`, containerName, why));
  }
  if (values.length === 0) errors.push(invalid(at, goNumbers(given), "at least one value is required"));
  if (values.length > MAX_EXIT_CODES) errors.push(tooMany(at, values.length, MAX_EXIT_CODES));
  values.forEach((value, index) => {
    if (operator === "In" && value === 0)
      errors.push(invalid(`${at}[${index}]`, value, "must not be 0 for the In operator"));
    if (values.indexOf(value) < index) errors.push(duplicate(`${at}[${index}]`, value));
  });
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value);
  return isOrdered ? errors : [...errors, invalid(at, goNumbers(values), "must be ordered")];
}

const goNumbers = (values: readonly number[] | null | undefined) =>
  new GoLiteral(values ? `[]int32{${values.join(", ")}}` : "[]int32(nil)");

export function validateSuccessPolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const at = `${path}.rules`;
  const errors: FieldError[] = [];
  if (rules.length === 0)
    errors.push(required(at, "at least one rules must be specified when the successPolicy is specified"));
  if (rules.length > MAX_RULES) errors.push(tooMany(at, rules.length, MAX_RULES));
  return [
    ...errors,
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, `${at}[${index}]`, spec.completions)),
  ];
}

/** Without completions, which an indexed job must have, upstream crashes: then there is nothing to compare with. */
function validateSuccessRule(
  { succeededCount: count, succeededIndexes: indexes }: SuccessPolicyRule,
  path: string,
  completions: number | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  if (count === undefined && indexes === undefined)
    errors.push(required(path, "at least one of succeededCount or succeededIndexes must be specified"));
  if (completions === undefined) return errors;
  const total = indexes === undefined ? 0 : countIndexes(indexes, completions);
  if (indexes !== undefined && indexes.length > MAX_INDEXES_BYTES)
    errors.push(tooLong(`${path}.succeededIndexes`, MAX_INDEXES_BYTES));
  if (typeof total === "string")
    errors.push(invalid(`${path}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${total}`));
  if (count === undefined) return errors;
  const at = `${path}.succeededCount`;
  const atMost = (most: number, what: string) =>
    invalid(at, count, `must be less than or equal to ${most} (the number of ${what})`);
  errors.push(...nonNegative(at, count));
  if (count > completions) errors.push(atMost(completions, "specified completions"));
  const named = typeof total === "string" ? 0 : total;
  if (indexes !== undefined && count > named)
    errors.push(atMost(named, "indexes in the specified succeededIndexes field"));
  return errors;
}

export function validatePodReplacementPolicy(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return policy === undefined || supported.includes(policy) ? [] : [notSupported(path, policy, supported)];
}
