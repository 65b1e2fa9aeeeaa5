import { backoffMs, type Clock } from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";

const INITIAL_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;
/** A pod that nothing woke is tried again after this long (upstream's flush of unschedulable pods). */
const FLUSH_MS = 5 * 60_000;

interface Waiting {
  pod: KubeObject;
  attempts: number;
  failedAtMs: number;
  order: number;
}

/**
 * Pods that wait for a node: ready ones by priority and age; failed ones until the cluster changes in a way that may
 * help, and then not before their back-off has passed.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #ready = new Map<string, Waiting>();
  readonly #unschedulable = new Map<string, Waiting>();
  #order = 0;
  #wake: (() => void) | undefined;
  #timer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#ready.size + this.#unschedulable.size;
  }

  /** A new pod, or one whose spec changed. */
  add(pod: KubeObject): void {
    const { uid } = pod.metadata;
    const known = this.#unschedulable.get(uid) ?? this.#ready.get(uid);
    this.#unschedulable.delete(uid);
    this.#ready.set(uid, {
      pod,
      attempts: known?.attempts ?? 0,
      failedAtMs: known?.failedAtMs ?? -Infinity,
      order: this.#order++,
    });
    this.#notify();
  }

  remove(uid: string): void {
    this.#ready.delete(uid);
    this.#unschedulable.delete(uid);
  }

  /** Keeps the newest form of a waiting pod without waking it. */
  refresh(pod: KubeObject): void {
    const entry = this.#ready.get(pod.metadata.uid) ?? this.#unschedulable.get(pod.metadata.uid);
    if (entry) entry.pod = pod;
  }

  /** The pod found no node in this attempt. */
  failed(pod: KubeObject, attempts: number): void {
    const entry = { pod, attempts, failedAtMs: this.#clock.monotonicMs(), order: this.#order++ };
    this.#unschedulable.set(pod.metadata.uid, entry);
  }

  /** The cluster changed so that waiting pods may fit now. */
  clusterChanged(): void {
    for (const [uid, entry] of this.#unschedulable) this.#ready.set(uid, entry);
    this.#unschedulable.clear();
    this.#notify();
  }

  /** The next pod whose time has come; undefined when the signal aborts. */
  async next(signal: AbortSignal): Promise<{ pod: KubeObject; attempts: number } | undefined> {
    while (!signal.aborted) {
      const { entry, waitMs } = this.#pick();
      if (entry) {
        this.#ready.delete(entry.pod.metadata.uid);
        return { pod: entry.pod, attempts: entry.attempts + 1 };
      }
      await this.#pause(waitMs, signal);
    }
    this.#timer?.();
    return undefined;
  }

  #pick(): { entry?: Waiting; waitMs: number } {
    const nowMs = this.#clock.monotonicMs();
    let best: Waiting | undefined;
    let waitMs = FLUSH_MS;
    for (const [uid, entry] of this.#unschedulable) {
      if (nowMs - entry.failedAtMs < FLUSH_MS) continue;
      this.#unschedulable.delete(uid);
      this.#ready.set(uid, entry);
    }
    for (const entry of this.#ready.values()) {
      const backoff =
        entry.attempts === 0
          ? 0
          : backoffMs(entry.attempts - 1, { initialMs: INITIAL_BACKOFF_MS, maxMs: MAX_BACKOFF_MS });
      const dueInMs = entry.failedAtMs + backoff - nowMs;
      if (dueInMs > 0) waitMs = Math.min(waitMs, dueInMs);
      else if (!best || before(entry, best)) best = entry;
    }
    return { entry: best, waitMs };
  }

  #pause(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#timer?.();
        this.#timer = undefined;
        this.#wake = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      this.#timer = this.#clock.after(waitMs, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #notify(): void {
    this.#wake?.();
  }
}

function before(a: Waiting, b: Waiting): boolean {
  const difference = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0);
  return difference !== 0 ? difference < 0 : a.order < b.order;
}
