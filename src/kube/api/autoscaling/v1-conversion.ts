import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerStatus,
  V2MetricSpec,
  V2MetricStatus,
} from "../generated/types.ts";
import { checkStructure } from "../structure.ts";
import type { GroupVersionKind, ObjectMeta } from "../types.ts";
import { annotationsOf, readAnnotations } from "./annotated-parts.ts";
import { cpuUtilization, defaultMetrics, horizontalPodAutoscalers } from "./horizontal-pod-autoscaler.ts";
import { dropRoundTripAnnotations } from "./round-trip-annotations.ts";

const V1: GroupVersionKind & { model: string } = {
  group: "autoscaling",
  version: "v1",
  kind: "HorizontalPodAutoscaler",
  model: "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
};

/** Without the defaults of v2, as upstream validates it. */
export function toV2(autoscaler: HorizontalPodAutoscaler): V2HorizontalPodAutoscaler {
  const { scaleTargetRef, minReplicas, maxReplicas, targetCPUUtilizationPercentage: cpu } = autoscaler.spec;
  const { metadata, status } = autoscaler;
  const { metrics = [], behavior, currentMetrics, conditions } = readAnnotations(metadata.annotations ?? {});
  const all = [...metrics, ...(cpu === undefined ? [] : [cpuUtilization(cpu)])];
  const object = {
    apiVersion: "autoscaling/v2",
    kind: autoscaler.kind,
    metadata: withoutRoundTrip(metadata),
    spec: {
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      metrics: all.length > 0 ? all : defaultMetrics(),
      behavior,
    },
    status: {
      ...sharedStatus(status),
      currentMetrics: currentMetrics ?? currentCpu(status?.currentCPUUtilizationPercentage),
      conditions,
    },
  };
  return checkStructure(object, horizontalPodAutoscalers).object as unknown as V2HorizontalPodAutoscaler;
}

export function fromV2(autoscaler: V2HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler;
  const { scaleTargetRef, minReplicas, maxReplicas, metrics = [] } = spec;
  const annotations = {
    ...withoutRoundTrip(metadata).annotations,
    ...annotationsOf(autoscaler, isCpuUtilization),
  };
  const object = {
    apiVersion: "autoscaling/v1",
    kind: autoscaler.kind,
    metadata: { ...metadata, annotations },
    spec: {
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      targetCPUUtilizationPercentage: metrics.find(isCpuUtilization)?.resource?.target.averageUtilization,
    },
    status: { ...sharedStatus(status), currentCPUUtilizationPercentage: cpuOf(status?.currentMetrics ?? []) },
  };
  return checkStructure(object, V1).object as unknown as HorizontalPodAutoscaler;
}

/** The one metric for which v1 has a field. */
function isCpuUtilization({ type, resource }: V2MetricSpec): boolean {
  return type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;
}

function withoutRoundTrip(metadata: ObjectMeta): ObjectMeta {
  const copy = { ...metadata };
  dropRoundTripAnnotations(copy);
  return copy;
}

function sharedStatus(status: HorizontalPodAutoscalerStatus | V2HorizontalPodAutoscalerStatus | undefined) {
  const { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas } = status ?? {};
  return { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas };
}

function currentCpu(averageUtilization: number | undefined): V2MetricStatus[] | undefined {
  if (averageUtilization === undefined) return undefined;
  return [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization } } }];
}

/** Of several the last counts. */
function cpuOf(metrics: readonly V2MetricStatus[]): number | undefined {
  return metrics
    .filter(({ type, resource }) => type === "Resource" && resource?.name === "cpu")
    .map(({ resource }) => resource!.current.averageUtilization)
    .filter((one) => one !== undefined)
    .at(-1);
}
