import { isPercent, jsonEquals } from "../../../formats/index.ts";
import { validateIntOrPercent } from "../apps/int-or-percent.ts";
import { ageColumn, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { invalid, nonNegative, optionalOneOf } from "../field-error.ts";
import type {
  IntOrString,
  LabelSelector,
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
} from "../generated/types.ts";
import { goIntOrString, goPointer, goStruct } from "../go-value.ts";
import { validateConditions } from "../meta/condition.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";

/** Stands in selectors that version v1beta1 gave another meaning. */
const V1BETA1_LABEL = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
const EVICTION_POLICIES = ["AlwaysAllow", "IfHealthyBudget"];

export const podDisruptionBudgets: KindDefinition<PodDisruptionBudget> = {
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  resource: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  namespaced: true,
  model: "io.k8s.api.policy.v1.PodDisruptionBudget",
  hasStatus: true,
  statusTellsOfMetadata: "nothing",
  tracksGeneration: true,
  allowUnconditionalUpdate: false,
  nameValidation: "pathSegment",
  takesAnyFinalizer: true,
  defaults: ({ spec }) => stripV1beta1Label(spec?.selector),
  validate,
  validateStatusUpdate,
  takesOldMetadata: true,
  tellsMetadataChangesOnce: true,
  prepareForCreate: (budget) => {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  prepareForUpdate: keepStatus,
  prepareForStatusUpdate: keepSpec,
  columns: [
    nameColumn,
    textColumn("Min Available", ({ spec }: PodDisruptionBudget) => textOf(spec.minAvailable)),
    textColumn("Max Unavailable", ({ spec }: PodDisruptionBudget) => textOf(spec.maxUnavailable)),
    integerColumn("Allowed Disruptions", (one: PodDisruptionBudget) => one.status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
};

const textOf = (value: IntOrString | undefined) => (value === undefined ? "N/A" : String(value));

/** It selects nothing by itself, and counts for nothing beside other requirements. */
function stripV1beta1Label(selector: LabelSelector | undefined): void {
  if (selector?.matchExpressions === undefined) return;
  if (jsonEquals(selector, { matchExpressions: [{ key: V1BETA1_LABEL, operator: "Exists" }] })) return;
  selector.matchExpressions = selector.matchExpressions.filter(({ key }) => key !== V1BETA1_LABEL);
  if (selector.matchExpressions.length === 0) delete selector.matchExpressions;
}

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(invalid("spec", goSpec(spec), "minAvailable and maxUnavailable cannot be both set"));
  return [
    ...errors,
    ...validateAmount(minAvailable, "spec.minAvailable"),
    ...validateAmount(maxUnavailable, "spec.maxUnavailable"),
    ...validateLabelSelector(selector, "spec.selector"),
    ...optionalOneOf("spec.unhealthyPodEvictionPolicy", unhealthyPodEvictionPolicy, EVICTION_POLICIES),
  ];
}

function validateAmount(value: IntOrString | undefined, path: string): FieldError[] {
  if (value === undefined) return [];
  const errors = validateIntOrPercent(value, path);
  const isTooMuch =
    typeof value === "string" && isPercent(value).length === 0 && Number.parseInt(value, 10) > 100;
  return isTooMuch
    ? [...errors, invalid(path, goIntOrString(value), "must not be greater than 100%")]
    : errors;
}

function goSpec(spec: PodDisruptionBudgetSpec) {
  return goStruct("policy.PodDisruptionBudgetSpec", {
    MinAvailable: goPointer("intstr.IntOrString", spec.minAvailable),
    Selector: goPointer("v1.LabelSelector", spec.selector),
    MaxUnavailable: goPointer("intstr.IntOrString", spec.maxUnavailable),
    UnhealthyPodEvictionPolicy: goPointer(
      "policy.UnhealthyPodEvictionPolicyType",
      spec.unhealthyPodEvictionPolicy,
    ),
  });
}

const STATUS_COUNTS = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

function validateStatusUpdate({ status }: PodDisruptionBudget): FieldError[] {
  return [
    ...validateConditions(status?.conditions, "status.conditions"),
    ...STATUS_COUNTS.flatMap((field) => nonNegative(`status.${field}`, status?.[field])),
  ];
}
