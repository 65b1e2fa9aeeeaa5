import { errorMessage, isGantryError, rfc3339Seconds } from "../../base/index.ts";
import type { Pod, PodCondition } from "../api/index.ts";
import { pods as podsResource } from "../api/index.ts";
import type { SchedulerOptions } from "./index.ts";

/** Writes under way at once; more waits, so that a burst of pods does not pile up in memory. */
const MAX_UNDER_WAY = 256;

/** Writes what the scheduler decides, beside its loop. */
export class DecisionWriter {
  readonly #options: Pick<SchedulerOptions, "client" | "recorder" | "logger" | "clock">;
  readonly #underWay = new Set<Promise<void>>();
  /** By pod uid: what is told of a pod must not overtake what was told before. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(options: Pick<SchedulerOptions, "client" | "recorder" | "logger" | "clock">) {
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

  /** Gives the pod its node; `onFailure` when that did not come about. */
  bind(pod: Pod, node: string, onFailure: () => void): void {
    this.#begin(pod, async () => {
      try {
        await this.#bind(pod, node);
      } catch (error) {
        this.#tellFailure(pod, node, error);
        onFailure();
      }
    });
  }

  /** Tells why the pod waits: as an event, and in its condition when that says something new. */
  tellUnschedulable(pod: Pod, message: string): void {
    const { recorder, logger } = this.#options;
    recorder.event(pod, "Warning", "FailedScheduling", message);
    const known = pod.status?.conditions?.find((one) => one.type === "PodScheduled");
    if (known?.status === "False" && known.message === message) return;
    this.#begin(pod, async () => {
      try {
        await this.#setUnschedulable(pod, message, known);
      } catch (error) {
        if (isGantryError(error, "NotFound") || isGantryError(error, "Conflict")) return;
        logger.warn("cannot tell why a pod waits", { pod: pod.metadata.name, error: errorMessage(error) });
      }
    });
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
    const { client, recorder } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    await client.createSubresource(podsResource, namespace!, name, "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: node },
    });
    recorder.event(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`);
  }

  #tellFailure(pod: Pod, node: string, error: unknown): void {
    const { logger } = this.#options;
    const isUsual = isGantryError(error, "NotFound") || isGantryError(error, "Conflict");
    const text = "binding failed";
    const fields = { pod: pod.metadata.name, node, error: errorMessage(error) };
    if (isUsual) logger.debug(text, fields);
    else logger.warn(text, fields);
  }

  async #setUnschedulable(pod: Pod, message: string, known: PodCondition | undefined): Promise<void> {
    const { client, clock } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime:
        known?.status === "False" ? known.lastTransitionTime : rfc3339Seconds(clock.nowMs()),
    };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await client.patch(podsResource, namespace, name, "strategic", body, { subresource: "status" });
  }
}
