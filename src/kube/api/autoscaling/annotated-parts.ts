import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerBehavior,
  V2HorizontalPodAutoscalerCondition,
  V2HPAScalingRules,
  V2MetricSpec,
  V2MetricStatus,
} from "../generated/types.ts";
import { checkStructure } from "../structure.ts";
import { type GoObject, goJson, isPresent, member } from "./go-members.ts";
import { ROUND_TRIP } from "./round-trip-annotations.ts";
import { v1MetricSpec, v1MetricStatus, v2MetricSpec, v2MetricStatus } from "./v1-metrics.ts";

/** What autoscaling/v1 has no fields for, in the form of v2. */
export interface AnnotatedParts {
  metrics?: V2MetricSpec[];
  behavior?: V2HorizontalPodAutoscalerBehavior;
  currentMetrics?: V2MetricStatus[];
  conditions?: V2HorizontalPodAutoscalerCondition[];
}

/** An annotation that cannot be read says nothing, as upstream has it. */
export function readAnnotations(annotations: Readonly<Record<string, string>>): AnnotatedParts {
  const parts = {
    metrics: read(annotations[ROUND_TRIP.metrics], (list) =>
      typed<V2MetricSpec>("MetricSpec", listOf(list).map(v2MetricSpec)),
    ),
    behavior: read(annotations[ROUND_TRIP.behavior], (value) => readBehavior(value as GoObject)),
    currentMetrics: read(annotations[ROUND_TRIP.currentMetrics], (list) =>
      typed<V2MetricStatus>("MetricStatus", listOf(list).map(v2MetricStatus)),
    ),
    conditions: read(annotations[ROUND_TRIP.conditions], (list) =>
      typed<V2HorizontalPodAutoscalerCondition>(
        "HorizontalPodAutoscalerCondition",
        listOf(list).map((one) =>
          members(one, ["type", "status", "lastTransitionTime", "reason", "message"]),
        ),
      ),
    ),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}

function read<T>(text: string | undefined, convert: (value: unknown) => T): T | undefined {
  if (text === undefined) return undefined;
  try {
    return convert(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Of null Go makes an empty list. */
function listOf(value: unknown): GoObject[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new TypeError("no list");
  return value.map((one) => one ?? {});
}

function typed<T>(kind: string, values: readonly object[]): T[] {
  const model = { group: "autoscaling", version: "v2", kind, model: `io.k8s.api.autoscaling.v2.${kind}` };
  return values.map((value) => checkStructure(value, model).object as unknown as T);
}

function members(one: GoObject, names: readonly string[]): GoObject {
  return Object.fromEntries(names.map((name) => [name, member(one, name)]));
}

/** The annotation has the names of Go's fields, which in lower case are those of v2. */
function readBehavior(value: GoObject): V2HorizontalPodAutoscalerBehavior | undefined {
  const behavior = {
    scaleUp: isPresent(value, "scaleUp") ? readRules(member(value, "scaleUp") as GoObject) : undefined,
    scaleDown: isPresent(value, "scaleDown") ? readRules(member(value, "scaleDown") as GoObject) : undefined,
  };
  if (behavior.scaleUp === undefined && behavior.scaleDown === undefined) return undefined;
  return typed<V2HorizontalPodAutoscalerBehavior>("HorizontalPodAutoscalerBehavior", [behavior])[0];
}

function readRules(value: GoObject): GoObject {
  const rules = members(value, ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"]);
  if (rules.policies === undefined) return rules;
  const policies = listOf(rules.policies).map((one) => members(one, ["type", "value", "periodSeconds"]));
  return { ...rules, policies };
}

/** The annotations of v1; `hasField` says of a metric whether a field of v1 tells it. */
export function annotationsOf(
  { spec, status }: V2HorizontalPodAutoscaler,
  hasField: (metric: V2MetricSpec) => boolean,
): Record<string, string> {
  const metrics = (spec.metrics ?? []).filter((one) => !hasField(one)).map(v1MetricSpec);
  const currentMetrics = (status?.currentMetrics ?? []).map(v1MetricStatus);
  const conditions = (status?.conditions ?? []).map(conditionText);
  return {
    ...(metrics.length > 0 ? { [ROUND_TRIP.metrics]: goJson(metrics) } : {}),
    ...(currentMetrics.length > 0 ? { [ROUND_TRIP.currentMetrics]: goJson(currentMetrics) } : {}),
    ...(spec.behavior === undefined ? {} : { [ROUND_TRIP.behavior]: goJson(goBehavior(spec.behavior)) }),
    ...(conditions.length > 0 ? { [ROUND_TRIP.conditions]: goJson(conditions) } : {}),
  };
}

function conditionText(condition: V2HorizontalPodAutoscalerCondition): object {
  const { type, status, lastTransitionTime = null, reason, message } = condition;
  return { type, status, lastTransitionTime, reason: reason || undefined, message: message || undefined };
}

function goBehavior({ scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior): object {
  return { ScaleUp: goRules(scaleUp), ScaleDown: goRules(scaleDown) };
}

function goRules(rules: V2HPAScalingRules | undefined): object | null {
  if (rules === undefined) return null;
  const { stabilizationWindowSeconds = null, selectPolicy = null, policies, tolerance = null } = rules;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds,
    SelectPolicy: selectPolicy,
    Policies:
      policies?.map(({ type, value, periodSeconds }) => ({
        Type: type,
        Value: value,
        PeriodSeconds: periodSeconds,
      })) ?? null,
    Tolerance: tolerance,
  };
}
