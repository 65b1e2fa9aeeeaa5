import { isLabelValue, isQualifiedName } from "../../../../formats/index.ts";
import { duplicate, invalid, invalidEach, notSupported, oneOf, required } from "../../field-error.ts";
import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from "../../generated/types.ts";
import {
  unsupportedNodeField,
  validateLabelSelector,
  validateNodeSelectorRequirement,
} from "../../meta/label-selector.ts";
import type { FieldError } from "../../types.ts";

const EFFECTS = ["NoExecute", "NoSchedule", "PreferNoSchedule"];

export function validateTolerations(
  tolerations: readonly Toleration[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  tolerations?.forEach((toleration, index) => {
    errors.push(...validateToleration(toleration, `${path}[${index}]`));
  });
  return errors;
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key, operator = "", value = "", effect = "" } = toleration;
  const errors = key ? invalidEach(`${path}.key`, key, isQualifiedName(key)) : [];
  if (!key && operator !== "Exists") {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${path}.operator`, operator, why));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(
      invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    );
  }
  if (operator === "" || operator === "Equal")
    errors.push(...invalidEach(`${path}.operator`, value, isLabelValue(value)));
  else if (operator === "Exists") {
    if (value !== "")
      errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupported(`${path}.operator`, operator, ["Equal", "Exists"]));
  if (effect !== "" && !EFFECTS.includes(effect))
    errors.push(notSupported(`${path}.effect`, effect, EFFECTS));
  return errors;
}

export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  if (affinity === undefined) return [];
  const errors: FieldError[] = [];
  const node = affinity.nodeAffinity;
  const demanded = node?.requiredDuringSchedulingIgnoredDuringExecution;
  if (demanded !== undefined) {
    const at = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`;
    if (!demanded.nodeSelectorTerms?.length) {
      errors.push(required(`${at}.nodeSelectorTerms`, "must have at least one node selector term"));
    }
    demanded.nodeSelectorTerms?.forEach((term, index) => {
      errors.push(...validateNodeTerm(term, `${at}.nodeSelectorTerms[${index}]`));
    });
  }
  node?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    errors.push(...validateWeight(term.weight, at), ...validateNodeTerm(term.preference, `${at}.preference`));
  });
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const at = `${path}.${kind}`;
    affinity[kind]?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
      errors.push(...validatePodTerm(term, `${at}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`));
    });
    affinity[kind]?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
      const one = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      errors.push(
        ...validateWeight(term.weight, one),
        ...validatePodTerm(term.podAffinityTerm, `${one}.podAffinityTerm`),
      );
    });
  }
  return errors;
}

function validateWeight(weight: number, path: string): FieldError[] {
  return weight >= 1 && weight <= 100
    ? []
    : [invalid(`${path}.weight`, weight ?? 0, "must be in the range 1-100")];
}

function validateNodeTerm(term: NodeSelectorTerm | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  term?.matchExpressions?.forEach((one, index) => {
    errors.push(...validateNodeSelectorRequirement(one, `${path}.matchExpressions[${index}]`));
  });
  term?.matchFields?.forEach((one, index) => {
    if (one.key !== "metadata.name")
      errors.push(unsupportedNodeField(`${path}.matchFields[${index}].key`, one.key));
  });
  return errors;
}

function validatePodTerm(term: PodAffinityTerm | undefined, path: string): FieldError[] {
  const errors = validateLabelSelector(term?.labelSelector, `${path}.labelSelector`);
  if (!term?.topologyKey) errors.push(required(`${path}.topologyKey`, "can not be empty"));
  return [
    ...errors,
    ...invalidEach(`${path}.topologyKey`, term?.topologyKey ?? "", isQualifiedName(term?.topologyKey ?? "")),
  ];
}

export function validateSpreadConstraints(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  constraints?.forEach((constraint, index) => {
    const at = `${path}[${index}]`;
    if (!(constraint.maxSkew > 0))
      errors.push(invalid(`${at}.maxSkew`, constraint.maxSkew ?? 0, "must be greater than zero"));
    if (!constraint.topologyKey) errors.push(required(`${at}.topologyKey`, "can not be empty"));
    else
      errors.push(
        ...invalidEach(`${at}.topologyKey`, constraint.topologyKey, isQualifiedName(constraint.topologyKey)),
      );
    const policies = ["DoNotSchedule", "ScheduleAnyway"];
    errors.push(...oneOf(`${at}.whenUnsatisfiable`, constraint.whenUnsatisfiable, policies));
    const pair = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
    if (constraint.minDomains !== undefined && constraint.minDomains <= 0) {
      errors.push(invalid(`${at}.minDomains`, constraint.minDomains, "must be greater than zero"));
    }
    errors.push(...validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`));
  });
  return errors;
}
