import { errorMessage, isGantryError, retry, rfc3339Seconds } from "../../base/index.ts";
import type { Pod, PodCondition } from "../api/index.ts";
import { podCondition, pods as podsResource, withPodCondition } from "../api/index.ts";
import type { ExtenderCalls } from "./extenders/ask-extenders.ts";
import type { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
import type { SchedulerOptions } from "./scheduler.ts";

export type DecisionWriterOptions = Pick<SchedulerOptions, "client" | "recorderFor" | "logger" | "clock"> & {
  /** Who may bind pods instead. */
  extenders?: ExtenderCalls | undefined;
  metrics?: Pick<SchedulerMetrics, "preemptionWritten">;
};

/** Writes under way at once; more waits, so that a burst of pods does not pile up in memory. */
const MAX_UNDER_WAY = 256;

const NOTE_LENGTH = 1024;
const TELL_RETRY = { attempts: 4, initialMs: 100, maxMs: 2_000 };

interface Why {
  reason: "Unschedulable" | "SchedulerError";
  message: string;
}

/** Pods that must go from a node for another one. */
export interface DrivenOut {
  pod: Pod;
  node: string;
  victims: readonly Pod[];
}

/** Writes what the scheduler decides, beside its loop. */
export class DecisionWriter {
  readonly #options: DecisionWriterOptions;
  readonly #underWay = new Set<Promise<void>>();
  /** By pod uid: what is told of a pod must not overtake what was told before. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: DecisionWriterOptions) {
    this.#options = options;
  }

  /** Resolves when one more write may begin. */
  async room(): Promise<void> {
    while (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Gives the pod its node, and tells how that went. */
  bind(pod: Pod, node: string, told: { onSuccess(): void; onFailure(): void }): void {
    this.#begin(pod, async () => {
      try {
        await this.#bind(pod, node);
        told.onSuccess();
      } catch (error) {
        this.#tellFailure(pod, node, error);
        told.onFailure();
      }
    });
  }

  /**
   * Tells why the pod waits: as an event, and in its status when that says something new. `nominate` is the node that it has in
   * prospect; an empty text: none any more; absent: as before.
   */
  tellUnschedulable(pod: Pod, message: string, nominate?: string): void {
    this.#tellWaiting(pod, { reason: "Unschedulable", message }, nominate);
  }

  /** Tells that the attempt itself failed. */
  tellError(pod: Pod, message: string): void {
    this.#tellWaiting(pod, { reason: "SchedulerError", message });
  }

  #tellWaiting(pod: Pod, why: Why, nominate?: string): void {
    this.#recorder(pod).event(pod, "Warning", "FailedScheduling", shortened(why.message));
    const known = podCondition(pod, "PodScheduled");
    const isTold = known?.status === "False" && known.message === why.message && known.reason === why.reason;
    const isNominated = nominate === undefined || nominate === (pod.status?.nominatedNodeName ?? "");
    if (isTold && isNominated) return;
    this.#begin(pod, () =>
      this.#tell("cannot tell why a pod waits", pod, () => this.#setWaiting(pod, why, nominate)),
    );
  }

  #recorder({ spec }: Pod) {
    return this.#options.recorderFor(spec.schedulerName ?? "");
  }

  /** Takes their node in prospect from pods. */
  clearNomination(pod: Pod): void {
    const body = { metadata: { uid: pod.metadata.uid }, status: { nominatedNodeName: null } };
    this.#begin(pod, () =>
      this.#tell("cannot take back a pod's nomination", pod, () => this.#patch(pod, body)),
    );
  }

  /**
   * Drives out the pods for another one; `isLast` is told before the last of them goes, `onNothing` where its going will not be
   * seen.
   */
  preempt({ pod, node, victims }: DrivenOut, isLast: () => void, onNothing: () => void): void {
    this.#begin(pod, async () => {
      const { metrics, clock } = this.#options;
      const startMs = clock.monotonicMs();
      const goes = (victim: Pod) => this.#driveOut(pod, node, victim);
      try {
        await Promise.all(victims.slice(0, -1).map(goes));
        isLast();
        if (!(await goes(victims.at(-1)!))) onNothing();
        metrics?.preemptionWritten("success", startMs);
      } catch (error) {
        isLast();
        const fields = { pod: pod.metadata.name, node, error: errorMessage(error) };
        this.#options.logger.warn("cannot drive out pods", fields);
        metrics?.preemptionWritten("error", startMs);
        onNothing();
      }
    });
  }

  /** Whether the pod was there to be driven out. */
  async #driveOut(pod: Pod, node: string, victim: Pod): Promise<boolean> {
    const { client, clock } = this.#options;
    const { namespace, name, uid } = victim.metadata;
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${pod.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    };
    const now = rfc3339Seconds(clock.nowMs());
    const [set] = withPodCondition({ status: { conditions: known(victim, condition.type) } }, condition, now);
    try {
      await this.#patch(victim, { metadata: { uid }, status: { conditions: [set] } });
      await client.delete(podsResource, namespace, name, { preconditions: { uid } });
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
    const note = `Preempted by pod ${pod.metadata.uid} on node ${node}`;
    this.#recorder(pod).event(victim, "Normal", "Preempted", note);
    return true;
  }

  /** Tries a few times: nobody may look at the pod again for long. */
  async #tell(what: string, pod: Pod, write: () => Promise<unknown>): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await retry(write, { ...TELL_RETRY, clock, retryable: (error) => !isOvertaken(error) });
    } catch (error) {
      if (!isOvertaken(error)) logger.warn(what, { pod: pod.metadata.name, error: errorMessage(error) });
    }
  }

  #begin({ metadata: { uid } }: Pod, write: () => Promise<void>): void {
    const before = this.#last.get(uid);
    const promise = (before ? before.then(write) : write()).finally(() => {
      this.#underWay.delete(promise);
      if (this.#last.get(uid) === promise) this.#last.delete(uid);
    });
    this.#underWay.add(promise);
    this.#last.set(uid, promise);
  }

  async #bind(pod: Pod, node: string): Promise<void> {
    const { client, extenders } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    if (!(extenders?.isInterestedIn(pod) && (await extenders.bind(pod, node))))
      await client.createSubresource(podsResource, namespace!, name, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name, namespace, uid },
        target: { apiVersion: "v1", kind: "Node", name: node },
      });
    this.#recorder(pod).event(
      pod,
      "Normal",
      "Scheduled",
      `Successfully assigned ${namespace}/${name} to ${node}`,
    );
  }

  #tellFailure(pod: Pod, node: string, error: unknown): void {
    const { logger } = this.#options;
    const isUsual = isOvertaken(error);
    const text = "binding failed";
    const fields = { pod: pod.metadata.name, node, error: errorMessage(error) };
    if (isUsual) logger.debug(text, fields);
    else logger.warn(text, fields);
  }

  async #setWaiting(pod: Pod, why: Why, nominate: string | undefined): Promise<void> {
    const now = rfc3339Seconds(this.#options.clock.nowMs());
    const condition = { type: "PodScheduled", status: "False", ...why };
    const [set] = withPodCondition({ status: { conditions: known(pod, condition.type) } }, condition, now);
    const nomination = nominate === undefined ? {} : { nominatedNodeName: nominate === "" ? null : nominate };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [set], ...nomination } };
    await this.#patch(pod, body);
  }

  async #patch({ metadata: { namespace, name } }: Pod, body: object): Promise<void> {
    const options = { subresource: "status" };
    await this.#options.client.patch(podsResource, namespace, name, "strategic", body, options);
  }
}

/** The pod's condition of this type, as a list that has it or nothing. */
function known(pod: Pod, type: string): PodCondition[] {
  const condition = podCondition(pod, type);
  return condition ? [condition] : [];
}

/** Events have no room for more (scheduler truncateMessage). */
function shortened(message: string): string {
  return message.length <= NOTE_LENGTH ? message : `${message.slice(0, NOTE_LENGTH - 4)} ...`;
}

/** The pod is gone, another one has its name, or somebody else was faster. */
function isOvertaken(error: unknown): boolean {
  return isGantryError(error, "NotFound") || isGantryError(error, "Conflict");
}
