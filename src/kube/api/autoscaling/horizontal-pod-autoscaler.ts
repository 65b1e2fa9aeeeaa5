import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { forbidden, invalid, nonNegative } from "../field-error.ts";
import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerSpec,
  V2MetricSpec,
} from "../generated/types.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { dropNewTolerances, setBehaviorDefaults, validateBehavior } from "./behavior.ts";
import { metricsText } from "./metrics-text.ts";
import { dropRoundTripAnnotations } from "./round-trip-annotations.ts";
import { validateMetrics, validateReference } from "./validate-metrics.ts";

const CPU_UTILIZATION = 80;

/** As autoscaling/v2 has it, which is how it is stored. */
export const horizontalPodAutoscalers: KindDefinition<V2HorizontalPodAutoscaler> = {
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
  hasStatus: true,
  allowUnconditionalUpdate: true,
  takesOldMetadata: true,
  defaults: setDefaults,
  validate: ({ spec }) => validateSpec(spec),
  validateStatusUpdate: ({ status }) => [
    ...nonNegative("status.currentReplicas", status?.currentReplicas),
    ...nonNegative("status.desiredReplicas", status?.desiredReplicas),
  ],
  prepareForCreate: (autoscaler) => {
    // Go writes a list that is none as null.
    autoscaler.status = { desiredReplicas: 0, currentMetrics: null as never };
    dropNewTolerances(autoscaler.spec.behavior, undefined);
  },
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous);
    dropNewTolerances(next.spec.behavior, previous.spec.behavior);
  },
  prepareForStatusUpdate: keepSpec,
  columns: [
    nameColumn,
    textColumn(
      "Reference",
      ({ spec: { scaleTargetRef: to } }: V2HorizontalPodAutoscaler) => `${to.kind}/${to.name}`,
    ),
    textColumn("Targets", ({ spec, status }: V2HorizontalPodAutoscaler) =>
      metricsText(spec.metrics ?? [], status?.currentMetrics ?? []),
    ),
    textColumn("MinPods", ({ spec }: V2HorizontalPodAutoscaler) => String(spec.minReplicas ?? "<unset>")),
    textColumn("MaxPods", ({ spec }: V2HorizontalPodAutoscaler) => spec.maxReplicas),
    textColumn("Replicas", ({ status }: V2HorizontalPodAutoscaler) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
};

/** What is watched where nothing is said: the pods' share of the CPU that they ask for. */
export const defaultMetrics = (): V2MetricSpec[] => [cpuUtilization(CPU_UTILIZATION)];

export function cpuUtilization(averageUtilization: number): V2MetricSpec {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

export function setDefaults({ metadata, spec }: V2HorizontalPodAutoscaler): void {
  dropRoundTripAnnotations(metadata);
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = defaultMetrics();
  if (spec.behavior !== undefined) setBehaviorDefaults(spec.behavior);
}

function validateSpec(spec: V2HorizontalPodAutoscalerSpec): FieldError[] {
  const { minReplicas: min, maxReplicas: max, scaleTargetRef, metrics = [], behavior } = spec;
  const errors: FieldError[] = [];
  if (min !== undefined && min < 1)
    errors.push(invalid("spec.minReplicas", min, "must be greater than or equal to 1"));
  if (max < 1) errors.push(invalid("spec.maxReplicas", max, "must be greater than 0"));
  if (min !== undefined && max < min)
    errors.push(invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  return [
    ...errors,
    ...validateReference(scaleTargetRef, "spec.scaleTargetRef"),
    ...validateMetrics(metrics, "spec.metrics"),
    ...(min === 0 ? validateScaleToZero(metrics) : []),
    ...validateBehavior(behavior, "spec.behavior"),
  ];
}

/** Only what is measured outside of the pods can bring them back. */
function validateScaleToZero(metrics: readonly V2MetricSpec[]): FieldError[] {
  if (metrics.some(({ type }) => type === "Object" || type === "External")) return [];
  const why = "must specify at least one Object or External metric to support scaling to zero replicas";
  return [forbidden("spec.metrics", why)];
}
