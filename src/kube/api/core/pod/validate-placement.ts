import {
  isDns1123Label,
  isLabelValue,
  isQualifiedName,
  type LabelSelectorObject,
} from "../../../../formats/index.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  optionalOneOf,
  required,
} from "../../field-error.ts";
import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from "../../generated/types.ts";
import {
  validateLabelSelector,
  validateNodeSelector,
  validateNodeSelectorTerm,
} from "../../meta/label-selector.ts";
import type { FieldError } from "../../types.ts";

export const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(
  tolerations: readonly Toleration[] | undefined,
  path: string,
): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) =>
    validateToleration(toleration, `${path}[${index}]`),
  );
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key, operator = "", value = "", effect = "" } = toleration;
  const errors = key ? invalidEach(`${path}.key`, key, isQualifiedName(key)) : [];
  if (!key && operator !== "Exists") {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator, why));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${path}.effect`, effect, why));
  }
  if (operator === "" || operator === "Equal") {
    const problems = isLabelValue(value);
    if (problems.length > 0) errors.push(invalid(`${path}.operator`, value, problems.join(";")));
  } else if (operator === "Exists") {
    if (value !== "")
      errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"]));
  if (effect !== "" && !TAINT_EFFECTS.includes(effect))
    errors.push(notSupported(`${path}.effect`, effect, TAINT_EFFECTS));
  return errors;
}

export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  if (affinity === undefined) return [];
  return [
    ...validateNodeAffinity(affinity.nodeAffinity ?? {}, `${path}.nodeAffinity`),
    ...validatePodAffinity(affinity.podAffinity ?? {}, `${path}.podAffinity`),
    ...validatePodAffinity(affinity.podAntiAffinity ?? {}, `${path}.podAntiAffinity`),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, path: string): FieldError[] {
  const demanded = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const errors: FieldError[] = [];
  if (demanded !== undefined)
    errors.push(...validateNodeSelector(demanded, `${path}.requiredDuringSchedulingIgnoredDuringExecution`));
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    errors.push(
      ...validateWeight(term.weight, at),
      ...validateNodeSelectorTerm(term.preference, `${at}.preference`, false),
    );
  });
  return errors;
}

function validatePodAffinity(affinity: PodAffinity, path: string): FieldError[] {
  const errors: FieldError[] = [];
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
    errors.push(...validatePodTerm(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`));
  });
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    errors.push(
      ...validateWeight(term.weight, at),
      ...validatePodTerm(term.podAffinityTerm, `${at}.podAffinityTerm`),
    );
  });
  return errors;
}

function validateWeight(weight: number, path: string): FieldError[] {
  return weight >= 1 && weight <= 100
    ? []
    : [invalid(`${path}.weight`, weight, "must be in the range 1-100")];
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...validateLabelSelector(labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...namespaces.flatMap((name) => invalidEach(`${path}.namespace`, name, isDns1123Label(name))),
    ...validateLabelKeys(term, path),
    ...(topologyKey ? [] : [required(`${path}.topologyKey`, "can not be empty")]),
    ...invalidEach(`${path}.topologyKey`, topologyKey, isQualifiedName(topologyKey)),
  ];
}

/** Keys whose values the server fills in from the pod's own labels. */
function validateLabelKeys(term: PodAffinityTerm, path: string): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  const errors: FieldError[] = [];
  for (const [field, keys] of [
    ["matchLabelKeys", matchLabelKeys],
    ["mismatchLabelKeys", mismatchLabelKeys],
  ] as const) {
    if (keys.length === 0) continue;
    if (labelSelector === undefined)
      errors.push(forbidden(`${path}.${field}`, "must not be specified when labelSelector is not set"));
    else errors.push(...qualifiedKeys(keys, `${path}.${field}`));
  }
  errors.push(...keysSelectedTwice(matchLabelKeys, labelSelector, path));
  matchLabelKeys.forEach((key, index) => {
    if (!mismatchLabelKeys.includes(key)) return;
    const why = "exists in both matchLabelKeys and mismatchLabelKeys";
    errors.push(invalid(`${path}.matchLabelKeys[${index}]`, key, why));
  });
  return errors;
}

function qualifiedKeys(keys: readonly string[], path: string): FieldError[] {
  return keys.flatMap((key, index) => invalidEach(`${path}[${index}]`, key, isQualifiedName(key)));
}

/** The server's own expression of a key is the first one; another of the same key is the client's. */
function keysSelectedTwice(
  keys: readonly string[],
  selector: LabelSelectorObject | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = keys.lastIndexOf(key);
    if (index >= 0 && selected.has(key))
      errors.push(invalid(`${path}[${index}]`, key, "exists in both matchLabelKeys and labelSelector"));
    selected.add(key);
  }
  return errors;
}

const ACTIONS = ["DoNotSchedule", "ScheduleAnyway"];
const NODE_POLICIES = ["Honor", "Ignore"];

export function validateSpreadConstraints(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): FieldError[] {
  return (constraints ?? []).flatMap((constraint, index) =>
    validateSpreadConstraint(constraint, constraints!.slice(index + 1), `${path}[${index}]`),
  );
}

function validateSpreadConstraint(
  constraint: TopologySpreadConstraint,
  others: readonly TopologySpreadConstraint[],
  path: string,
): FieldError[] {
  const { maxSkew, topologyKey, whenUnsatisfiable: action } = constraint;
  const isRepeated = others.some(
    (one) => one.topologyKey === topologyKey && one.whenUnsatisfiable === action,
  );
  const pair = `{${topologyKey}, ${action}}`;
  return [
    ...(maxSkew > 0 ? [] : [invalid(`${path}.maxSkew`, maxSkew, "must be greater than zero")]),
    ...(topologyKey ? [] : [required(`${path}.topologyKey`, "can not be empty")]),
    ...optionalOneOf(`${path}.whenUnsatisfiable`, action, ACTIONS),
    ...(isRepeated ? [duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
    ...validateMinDomains(constraint, `${path}.minDomains`),
    ...optionalOneOf(`${path}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, NODE_POLICIES),
    ...optionalOneOf(`${path}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, NODE_POLICIES),
    ...validateSpreadKeys(constraint, `${path}.matchLabelKeys`),
    ...validateLabelSelector(constraint.labelSelector, `${path}.labelSelector`),
  ];
}

function validateMinDomains(constraint: TopologySpreadConstraint, path: string): FieldError[] {
  const { minDomains, whenUnsatisfiable } = constraint;
  if (minDomains === undefined) return [];
  const errors = minDomains > 0 ? [] : [invalid(path, minDomains, "must be greater than zero")];
  if (whenUnsatisfiable === "DoNotSchedule") return errors;
  const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  return [...errors, invalid(path, minDomains, why)];
}

function validateSpreadKeys(constraint: TopologySpreadConstraint, path: string): FieldError[] {
  const { matchLabelKeys = [], labelSelector } = constraint;
  if (matchLabelKeys.length === 0) return [];
  const errors: FieldError[] = [];
  if (labelSelector === undefined)
    errors.push(forbidden(path, "must not be specified when labelSelector is not set"));
  const selected = new Set([
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map((one) => one.key),
  ]);
  matchLabelKeys.forEach((key, index) => {
    errors.push(...invalidEach(`${path}[${index}]`, key, isQualifiedName(key)));
    if (!selected.has(key)) return;
    errors.push(invalid(`${path}[${index}]`, key, "exists in both matchLabelKeys and labelSelector"));
  });
  return errors;
}
