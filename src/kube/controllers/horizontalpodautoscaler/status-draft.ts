import { rfc3339Seconds } from "../../../base/index.ts";
import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerCondition,
  V2HorizontalPodAutoscalerStatus,
  V2MetricStatus,
} from "../../api/index.ts";

export type ConditionType = "AbleToScale" | "ScalingActive" | "ScalingLimited";

/** An autoscaler's status while it is worked out. */
export class StatusDraft {
  readonly #now: string;
  readonly #status: V2HorizontalPodAutoscalerStatus;

  constructor({ status }: V2HorizontalPodAutoscaler, nowMs: number) {
    this.#now = rfc3339Seconds(nowMs);
    this.#status = { ...status, desiredReplicas: status?.desiredReplicas ?? 0 };
    this.#status.conditions = [...(status?.conditions ?? [])];
  }

  setCondition(type: ConditionType, isTrue: boolean, reason: string, message: string): void {
    const conditions = this.#status.conditions!;
    const index = conditions.findIndex((one) => one.type === type);
    const known = conditions[index];
    const status = isTrue ? "True" : "False";
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : this.#now;
    const next: V2HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message };
    conditions.splice(index < 0 ? conditions.length : index, 1, next);
  }

  /** Replicas as they are and, where they are known, as they are to be. */
  setReplicas(current: number, desired = this.#status.desiredReplicas): void {
    this.#status.currentReplicas = current;
    this.#status.desiredReplicas = desired;
  }

  /** Of a metric that could not be read nothing is told but that there is one. */
  setMetrics(statuses: readonly (V2MetricStatus | undefined)[] | undefined): void {
    if (!statuses) delete this.#status.currentMetrics;
    else this.#status.currentMetrics = statuses.map((status) => status ?? { type: "" });
  }

  noteRescale(): void {
    this.#status.lastScaleTime = this.#now;
  }

  get status(): V2HorizontalPodAutoscalerStatus {
    const { conditions, ...rest } = this.#status;
    return conditions!.length > 0 ? { ...rest, conditions: conditions! } : rest;
  }
}
