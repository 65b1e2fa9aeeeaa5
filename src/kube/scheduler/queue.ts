import { backoffMs, type Clock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import type { ClusterEvent } from "./framework.ts";
import { Heap } from "./heap.ts";

const BACKOFF = { initialMs: 1_000, maxMs: 10_000 };
/** A pod that nothing woke is tried again after this long (upstream's flush of unschedulable pods). */
const FLUSH_MS = 5 * 60_000;

interface Waiting {
  pod: Pod;
  attempts: number;
  /** Not before this time. */
  dueMs: number;
  failedAtMs: number;
  order: number;
  /** Whether the event is worth another try. */
  isWokenBy: (event: ClusterEvent, pod: Pod) => boolean;
}

const uidOf = ({ pod }: Waiting): string => pod.metadata.uid;
const always = (): boolean => true;

/**
 * Pods that wait for a node, as upstream's three queues: those that may be tried, by priority and age; those that wait for
 * their back-off; those that fit nowhere, until the cluster changes in a way that may help.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #active = new Heap<Waiting>(uidOf, comesFirst);
  readonly #backingOff = new Heap<Waiting>(uidOf, (a, b) => a.dueMs < b.dueMs);
  /** In the order in which they failed. */
  readonly #unschedulable = new Map<string, Waiting>();
  #order = 0;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#active.size + this.#backingOff.size + this.#unschedulable.size;
  }

  /** A new pod, or one that was changed so that it may fit now. */
  add(pod: Pod): void {
    const known = this.#take(pod.metadata.uid);
    const order = this.#order++;
    this.#release(
      known ? { ...known, pod } : { pod, attempts: 0, dueMs: 0, failedAtMs: 0, order, isWokenBy: always },
    );
  }

  remove(uid: string): void {
    this.#take(uid);
  }

  /** Keeps the newest form of a waiting pod without waking it. */
  refresh(pod: Pod): void {
    const { uid } = pod.metadata;
    const entry = this.#active.get(uid) ?? this.#backingOff.get(uid) ?? this.#unschedulable.get(uid);
    if (entry) entry.pod = pod;
  }

  /** The pod fits nowhere until one of these events. */
  unschedulable(pod: Pod, attempts: number, isWokenBy: Waiting["isWokenBy"]): void {
    this.#unschedulable.set(pod.metadata.uid, this.#failed(pod, attempts, isWokenBy));
  }

  /** The attempt failed for a reason that has nothing to do with the cluster's state. */
  retry(pod: Pod, attempts: number): void {
    this.#release(this.#failed(pod, attempts, always));
  }

  /** The pod is worth another try, whatever it waits for. */
  activate(uid: string): void {
    const entry = this.#unschedulable.get(uid);
    if (!entry) return;
    this.#unschedulable.delete(uid);
    this.#release(entry);
  }

  /** The cluster changed so that waiting pods may fit now. */
  clusterChanged(event: ClusterEvent): void {
    for (const [uid, entry] of this.#unschedulable) {
      if (!entry.isWokenBy(event, entry.pod)) continue;
      this.#unschedulable.delete(uid);
      this.#release(entry);
    }
  }

  /** The next pod whose time has come; undefined when the signal aborts. */
  async next(signal: AbortSignal): Promise<{ pod: Pod; attempts: number } | undefined> {
    while (!signal.aborted) {
      const waitMs = this.#letGo();
      const entry = this.#active.pop();
      if (entry) return { pod: entry.pod, attempts: entry.attempts + 1 };
      await this.#pause(waitMs, signal);
    }
    return undefined;
  }

  /** Moves on whose back-off is over and who was not woken for too long; returns when the next of them is due. */
  #letGo(): number {
    const nowMs = this.#clock.monotonicMs();
    for (const [uid, entry] of this.#unschedulable) {
      if (nowMs - entry.failedAtMs < FLUSH_MS) break;
      this.#unschedulable.delete(uid);
      this.#release(entry);
    }
    for (
      let first = this.#backingOff.peek();
      first && first.dueMs <= nowMs;
      first = this.#backingOff.peek()
    ) {
      this.#active.put(this.#backingOff.pop()!);
    }
    const due = this.#backingOff.peek()?.dueMs ?? nowMs + FLUSH_MS;
    const [oldest] = this.#unschedulable.values();
    return Math.min(due, (oldest?.failedAtMs ?? nowMs) + FLUSH_MS) - nowMs;
  }

  #failed(pod: Pod, attempts: number, isWokenBy: Waiting["isWokenBy"]): Waiting {
    const failedAtMs = this.#clock.monotonicMs();
    const dueMs = failedAtMs + backoffMs(attempts - 1, BACKOFF);
    return { pod, attempts, dueMs, failedAtMs, order: this.#order++, isWokenBy };
  }

  #release(entry: Waiting): void {
    const isDue = entry.dueMs <= this.#clock.monotonicMs();
    (isDue ? this.#active : this.#backingOff).put(entry);
    this.#wake?.();
  }

  #take(uid: string): Waiting | undefined {
    const entry = this.#active.take(uid) ?? this.#backingOff.take(uid) ?? this.#unschedulable.get(uid);
    this.#unschedulable.delete(uid);
    return entry;
  }

  #pause(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#wake = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#clock.after(waitMs, done);
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

function comesFirst(a: Waiting, b: Waiting): boolean {
  const difference = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0);
  return difference !== 0 ? difference < 0 : a.order < b.order;
}
