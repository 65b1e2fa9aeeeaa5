import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import { isMirrorPod, type Pod } from "../../api/index.ts";
import { qosClassOf } from "../containers/resources.ts";
import { podLogName } from "../naming.ts";
import type { Rejection } from "../pods/admission.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { isStaticPod } from "../static-pods/static-pod.ts";
import type { PodFailure } from "../status/pod-status.ts";
import { DEFAULT_EVICTION, type EvictionSettings } from "./eviction-settings.ts";
import { exceededLimit } from "./local-storage-limits.ts";
import type { PodUsage } from "./pod-usage.ts";
import { evictionMessage, inEvictionOrder, type RankedPod } from "./rank.ts";
import {
  type EvictionThreshold,
  type Observations,
  type PressureCondition,
  type StarvedResource,
  thresholdsMet,
} from "./thresholds.ts";

const REASON = "Evicted";
const LOOK_EVERY_MS = 10_000;
/** What a pod gets that has to go at once (upstream's immediate eviction). */
const IMMEDIATE_GRACE_SECONDS = 1;
/** How long an evicted pod is waited for before another one goes. */
const CLEAN_UP_MS = 30_000;
const SYSTEM_CRITICAL = 2_000_000_000;
const MEMORY_PRESSURE_TAINT = "node.kubernetes.io/memory-pressure";

export interface EvictionManagerOptions {
  observe: () => Promise<Observations>;
  /** Pods that run. */
  activePods: () => Iterable<Pod>;
  usageOf: (pod: Pod) => Promise<PodUsage>;
  /** What a pod has in one of its emptyDir volumes, in bytes. */
  emptyDirBytes: (pod: Pod, volumeName: string) => Promise<number>;
  /** Frees what nobody needs: ended containers, unused images. */
  reclaim: (resource: StarvedResource) => Promise<void>;
  /** Ends a pod, as failed. */
  evict: (pod: Pod, failure: PodFailure, graceSeconds: number) => void;
  /** Whether what the pod had is free. */
  hasEnded: (pod: Pod) => boolean;
  events: PodEvents;
  logger: Logger;
  clock: Clock;
  settings?: EvictionSettings;
}

/** Keeps the node from running out of memory and disk: says so, frees what nobody needs, and ends one pod after another. */
export class EvictionManager {
  readonly #options: EvictionManagerOptions;
  readonly #settings: EvictionSettings;
  /** Since when each threshold is met without a break; monotonic. */
  readonly #metSinceMs = new Map<EvictionThreshold, number>();
  /** How many pods were ended, by the signal that told of the want. */
  readonly evictions = new Map<string, number>();
  /** When each condition was seen last; monotonic. */
  readonly #seenMs = new Map<PressureCondition, number>();
  #leaving: { pod: Pod; sinceMs: number } | undefined;

  constructor(options: EvictionManagerOptions) {
    this.#options = options;
    this.#settings = options.settings ?? DEFAULT_EVICTION;
  }

  hasPressure(condition: PressureCondition): boolean {
    const seenMs = this.#seenMs.get(condition);
    return seenMs !== undefined && this.#options.clock.monotonicMs() - seenMs < this.#settings.transitionMs;
  }

  /** A node under pressure takes no more pods but critical ones, and under that of memory those that asked for some. */
  admit(pod: Pod): Rejection | undefined {
    const conditions = (["DiskPressure", "MemoryPressure"] as const).filter((one) => this.hasPressure(one));
    if (conditions.length === 0 || isCritical(pod)) return undefined;
    const isMemoryOnly = conditions.every((condition) => condition === "MemoryPressure");
    if (isMemoryOnly && (qosClassOf(pod) !== "BestEffort" || toleratesMemoryPressure(pod))) return undefined;
    return { reason: REASON, message: `The node had condition: [${conditions.join(" ")}]. ` };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.synchronize();
      } catch (error) {
        logger.warn("the node's resources could not be looked after, will retry", {
          error: errorMessage(error),
        });
      }
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    }
  }

  /** Notes what the node is short of; changes nothing. `met` are those that a pod has to go for: soft ones in their time. */
  async look(): Promise<{ met: EvictionThreshold[]; observations: Observations }> {
    const { observe, clock } = this.#options;
    const observations = await observe();
    const nowMs = clock.monotonicMs();
    const seen = new Set(thresholdsMet(this.#settings.thresholds, observations));
    for (const threshold of this.#metSinceMs.keys())
      if (!seen.has(threshold)) this.#metSinceMs.delete(threshold);
    for (const threshold of seen) {
      this.#seenMs.set(threshold.condition, nowMs);
      if (!this.#metSinceMs.has(threshold)) this.#metSinceMs.set(threshold, nowMs);
    }
    const met = [...seen].filter((one) => nowMs - this.#metSinceMs.get(one)! >= (one.graceMs ?? 0));
    return { met: met.sort(byUrgency), observations };
  }

  /** One round: pods that have passed their own limits go, or else at most one for what the node is short of. */
  async synchronize(): Promise<void> {
    const { reclaim, logger } = this.#options;
    const before = await this.look();
    if (await this.#enforceLimits()) return;
    const [first] = before.met;
    if (!first || this.#isWaiting()) return;
    logger.warn("the node is short of a resource", { resource: first.resource, signal: first.signal });
    await reclaim(first.resource);
    const { met, observations } = await this.look();
    const threshold = met[0];
    if (threshold) await this.#evictOne(threshold, observations);
  }

  /** True when a pod was ended. One whose disk cannot be read is looked at again in the next round. */
  async #enforceLimits(): Promise<boolean> {
    const { activePods, usageOf, emptyDirBytes, logger } = this.#options;
    let hasEvicted = false;
    for (const pod of [...activePods()]) {
      if (isCritical(pod)) continue;
      try {
        const exceeded = await exceededLimit(pod, {
          ofPod: () => usageOf(pod),
          ofEmptyDir: (name) => emptyDirBytes(pod, name),
        });
        if (!exceeded) continue;
        this.#evict(
          pod,
          exceeded.signal,
          { reason: REASON, message: exceeded.message },
          IMMEDIATE_GRACE_SECONDS,
        );
        hasEvicted = true;
      } catch (error) {
        logger.warn("a pod's local storage could not be measured", {
          pod: podLogName(pod),
          error: errorMessage(error),
        });
      }
    }
    return hasEvicted;
  }

  #evict(pod: Pod, signal: string, failure: PodFailure, graceSeconds: number): void {
    const { events, evict, logger } = this.#options;
    logger.warn("evicting a pod", { pod: podLogName(pod), why: failure.message.trimEnd() });
    events.warning(pod, REASON, failure.message);
    evict(pod, failure, graceSeconds);
    this.evictions.set(signal, (this.evictions.get(signal) ?? 0) + 1);
  }

  #graceOf({ spec }: Pod, { graceMs }: EvictionThreshold): number {
    if (graceMs === undefined) return IMMEDIATE_GRACE_SECONDS;
    const most = this.#settings.maxPodGraceSeconds;
    return Math.max(
      IMMEDIATE_GRACE_SECONDS,
      Math.min(most, Number(spec.terminationGracePeriodSeconds ?? most)),
    );
  }

  #isWaiting(): boolean {
    const { hasEnded, clock } = this.#options;
    if (!this.#leaving) return false;
    const { pod, sinceMs } = this.#leaving;
    if (!hasEnded(pod) && clock.monotonicMs() - sinceMs < CLEAN_UP_MS) return true;
    this.#leaving = undefined;
    return false;
  }

  async #evictOne(threshold: EvictionThreshold, observations: Observations): Promise<void> {
    const { activePods, usageOf, logger, clock } = this.#options;
    const ranked: RankedPod[] = [];
    for (const pod of [...activePods()])
      if (!isCritical(pod)) ranked.push({ pod, usage: await usageOf(pod) });
    const [victim] = inEvictionOrder(ranked, threshold.resource);
    if (!victim) {
      logger.warn("the node is short of a resource, and there is no pod to evict", {
        resource: threshold.resource,
      });
      return;
    }
    const message = evictionMessage(victim, threshold, observations.get(threshold.signal)!);
    const failure = { reason: REASON, message, isDisruption: true };
    this.#evict(victim.pod, threshold.signal, failure, this.#graceOf(victim.pod, threshold));
    this.#leaving = { pod: victim.pod, sinceMs: clock.monotonicMs() };
  }
}

function isCritical(pod: Pod): boolean {
  return isStaticPod(pod) || isMirrorPod(pod) || (pod.spec.priority ?? 0) >= SYSTEM_CRITICAL;
}

function toleratesMemoryPressure({ spec }: Pod): boolean {
  return (spec.tolerations ?? []).some(
    ({ key, operator, effect }) =>
      (key === MEMORY_PRESSURE_TAINT || (!key && operator === "Exists")) &&
      (!effect || effect === "NoSchedule"),
  );
}

/** Want of memory first, as upstream has it. */
function byUrgency(a: EvictionThreshold, b: EvictionThreshold): number {
  return Number(b.resource === "memory") - Number(a.resource === "memory");
}
