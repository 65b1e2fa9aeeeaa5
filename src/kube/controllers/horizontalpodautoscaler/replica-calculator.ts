import { quantityMilliValue } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";
import { groupPods } from "./group-pods.ts";
import { ofNoTime, type PodMetrics } from "./pod-metrics.ts";
import type { AutoscalerSettings } from "./settings.ts";

/** Usage beside its target; `milliValue` is the average a pod. */
export interface UsageRatio {
  ratio: number;
  milliValue: number;
  /** Percent of what was requested. */
  utilization?: number;
}

export interface CalculatedReplicas {
  replicas: number;
  usage: UsageRatio;
}

export interface PodUsage {
  pods: readonly Pod[];
  /** Is changed. */
  metrics: PodMetrics;
  resource: string | undefined;
  currentReplicas: number;
  nowMs: number;
  settings: AutoscalerSettings;
  ratioOf: (metrics: PodMetrics) => UsageRatio;
  /** What a pod of which nothing is known is taken for where fewer pods are wanted. */
  assumedOf: (podName: string) => number;
}

function isWithinTolerance(ratio: number, { tolerance }: Pick<AutoscalerSettings, "tolerance">): boolean {
  return 1 - tolerance <= ratio && ratio <= 1 + tolerance;
}

/**
 * How many replicas would bring the pods' usage to its target (replica_calculator.go). Pods of which nothing is known, or that
 * are not up yet, only ever slow a change down, and never turn it round.
 */
export function replicasForUsage(input: PodUsage): CalculatedReplicas {
  const { pods, metrics, resource, currentReplicas, nowMs, settings, ratioOf } = input;
  if (pods.length === 0) throw new Error("no pods returned by selector while calculating replica count");
  const { readyCount, unready, missing, ignored } = groupPods(pods, metrics, resource, nowMs, settings);
  for (const name of [...ignored, ...unready]) metrics.delete(name);
  if (metrics.size === 0)
    throw new Error("did not receive metrics for targeted pods (pods might be unready)");
  const usage = ratioOf(metrics);
  const unchanged = { replicas: currentReplicas, usage };
  const countsUnready = unready.size > 0 && usage.ratio > 1;
  if (!countsUnready && missing.size === 0) {
    if (isWithinTolerance(usage.ratio, settings)) return unchanged;
    return { replicas: Math.ceil(usage.ratio * readyCount), usage };
  }
  if (usage.ratio < 1) for (const name of missing) metrics.set(name, ofNoTime(input.assumedOf(name)));
  if (usage.ratio > 1) for (const name of missing) metrics.set(name, ofNoTime(0));
  if (countsUnready) for (const name of unready) metrics.set(name, ofNoTime(0));
  const { ratio } = ratioOf(metrics);
  const isTurned = (usage.ratio < 1 && ratio > 1) || (usage.ratio > 1 && ratio < 1);
  if (isWithinTolerance(ratio, settings) || isTurned) return unchanged;
  const replicas = Math.ceil(ratio * metrics.size);
  const isOpposite = (ratio < 1 && replicas > currentReplicas) || (ratio > 1 && replicas < currentReplicas);
  return isOpposite ? unchanged : { replicas, usage };
}

/** The pods' average beside a target of a pod. */
export function averageRatio(targetMilli: number): (metrics: PodMetrics) => UsageRatio {
  return (metrics) => {
    const milliValue = Math.trunc(totalOf(metrics) / metrics.size);
    return { ratio: milliValue / targetMilli, milliValue };
  };
}

/** The pods' usage in percent of what they request, beside a target in percent. */
export function utilizationRatio(
  requests: ReadonlyMap<string, number>,
  targetPercent: number,
): (metrics: PodMetrics) => UsageRatio {
  return (metrics) => {
    const known = new Map([...metrics].filter(([name]) => requests.has(name)));
    const used = totalOf(known);
    const requested = [...known.keys()].reduce((sum, name) => sum + requests.get(name)!, 0);
    if (requested === 0) throw new Error("no metrics returned matched known pods");
    const utilization = Math.trunc((used * 100) / requested);
    return {
      ratio: utilization / targetPercent,
      milliValue: Math.trunc(used / known.size),
      utilization,
    };
  };
}

function totalOf(metrics: PodMetrics): number {
  return [...metrics.values()].reduce((sum, { milliValue }) => sum + milliValue, 0);
}

/** What each pod's containers request of a resource, in thousandths; of one container where that is named. Throws where one says nothing. */
export function podRequests(
  pods: readonly Pod[],
  resource: string,
  container: string | undefined,
): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, resource, container)]));
}

function requestOf({ metadata, spec }: Pod, resource: string, container: string | undefined): number {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  let sum = 0;
  for (const { name, resources } of [...spec.containers, ...sidecars]) {
    if (container !== undefined && name !== container) continue;
    const request = resources?.requests?.[resource];
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`);
    sum += quantityMilliValue(request);
  }
  return sum;
}

/** Replicas for one figure that is not of pods, beside its target. */
export function replicasForRatio(
  ratio: number,
  currentReplicas: number,
  settings: AutoscalerSettings,
  readyCount: () => number,
): number {
  // From zero pods on a figure alone decides.
  if (currentReplicas === 0) return Math.ceil(ratio);
  return isWithinTolerance(ratio, settings) ? currentReplicas : Math.ceil(ratio * readyCount());
}

/** Replicas so that each has its share of a figure; and that share as it is now. */
export function replicasForShare(
  milliValue: number,
  targetMilli: number,
  statusReplicas: number,
  settings: AutoscalerSettings,
): { replicas: number; milliValue: number } {
  const ratio = milliValue / (targetMilli * statusReplicas);
  return {
    replicas: isWithinTolerance(ratio, settings) ? statusReplicas : Math.ceil(milliValue / targetMilli),
    milliValue: Math.ceil(milliValue / statusReplicas),
  };
}
