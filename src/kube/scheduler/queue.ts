import { backoffMs, type Clock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import { eventLabel } from "./event-label.ts";
import type { ClusterEvent } from "./framework.ts";
import { Heap } from "./heap.ts";
import type { QueueName } from "./metrics/event-metrics.ts";

const BACKOFF: Backoff = { initialMs: 1_000, maxMs: 10_000 };
/** A pod that nothing woke is tried again after this long (upstream's flush of unschedulable pods). */
const FLUSH_MS = 5 * 60_000;
const WINDOW_MS = 1_000;
const FORCED = "ForceActivate";

export interface Backoff {
  initialMs: number;
  maxMs: number;
}

/** A pod that is to be tried, for the so manyth time. */
export interface Attempt {
  pod: Pod;
  attempts: number;
  /** When it came into the queue; monotonic. */
  enteredMs: number;
}

/** The cluster's events while an attempt goes on: they may help the pod, which is in no queue then. */
interface InFlight {
  uid: string;
  events: ClusterEvent[];
}

interface Waiting extends Attempt {
  /** Not before this time. */
  dueMs: number;
  failedAtMs: number;
  order: number;
  /** Whether the event is worth another try. */
  isWokenBy: (event: ClusterEvent, pod: Pod) => boolean;
  /** The plugins that refused it when it was tried. */
  refusedBy: readonly string[];
}

/** Counts a pod that comes into a queue, by what brought it there. */
export type CountIncoming = (queue: QueueName, cause: string) => void;

const uidOf = ({ pod }: Waiting): string => pod.metadata.uid;
const always = (): boolean => true;

/**
 * Pods that wait for a node, as upstream's three queues: those that may be tried, by priority and age; those that wait for
 * their back-off; those that fit nowhere, until the cluster changes in a way that may help.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #active = new Heap<Waiting>(uidOf, comesFirst);
  /** Whose attempt failed by itself, or nobody knows that another one will do: they wait for their time. */
  readonly #backingOff = new Heap<Waiting>(uidOf, (a, b) => a.dueMs < b.dueMs);
  /** Whom an event may have helped: they wait as well, but come before it where nobody else may be tried (KEP-5142). */
  readonly #hopeful = new Heap<Waiting>(uidOf, comesFirstInWindow);
  /** In the order in which they failed. */
  readonly #unschedulable = new Map<string, Waiting>();
  /** Pods that wait for their gates to go, with whom they wait for. */
  readonly #gated = new Map<string, string>();
  readonly #backoff: Backoff;
  readonly #counted: CountIncoming;
  #order = 0;
  #inFlight: InFlight | undefined;
  #wake: (() => void) | undefined;

  constructor(
    clock: Clock,
    { backoff = BACKOFF, counted = () => {} }: { backoff?: Backoff; counted?: CountIncoming } = {},
  ) {
    this.#clock = clock;
    this.#backoff = backoff;
    this.#counted = counted;
  }

  get size(): number {
    return this.#active.size + this.#backoffSize + this.#unschedulable.size;
  }

  get #backoffSize(): number {
    return this.#backingOff.size + this.#hopeful.size;
  }

  get pending(): Record<QueueName, number> {
    return {
      active: this.#active.size,
      backoff: this.#backoffSize,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    };
  }

  /** Of the pods that wait: which plugins refused them, or hold them before they are tried. */
  *refused(): Iterable<{ plugin: string; profile: string }> {
    for (const { pod, refusedBy } of this.#waiting())
      for (const plugin of refusedBy) yield { plugin, profile: pod.spec.schedulerName ?? "" };
    for (const profile of this.#gated.values()) yield { plugin: "SchedulingGates", profile };
  }

  *#waiting(): Iterable<Waiting> {
    yield* this.#active.values();
    yield* this.#backingOff.values();
    yield* this.#hopeful.values();
    yield* this.#unschedulable.values();
  }

  /** The events that are kept for the pod that is being tried, and that there is one. */
  get inFlight(): readonly string[] {
    return this.#inFlight ? ["PodPopped", ...this.#inFlight.events.map(eventLabel)] : [];
  }

  /** A new pod, or one that was changed so that it may fit now. */
  add(pod: Pod): void {
    const { uid } = pod.metadata;
    this.#gated.delete(uid);
    const known = this.#take(uid);
    const order = this.#order++;
    const enteredMs = this.#clock.monotonicMs();
    if (known) this.#release({ ...known, pod }, "UnschedulablePodUpdate");
    else
      this.#release(
        { pod, attempts: 0, enteredMs, dueMs: 0, failedAtMs: 0, order, isWokenBy: always, refusedBy: [] },
        "UnschedulablePodAdd",
      );
  }

  /** The pod has gates: it is not tried until they are gone. */
  hold(pod: Pod): void {
    const { uid } = pod.metadata;
    this.#take(uid);
    if (!this.#gated.has(uid)) this.#counted("gated", "UnschedulablePodAdd");
    this.#gated.set(uid, pod.spec.schedulerName ?? "");
  }

  remove(uid: string): void {
    this.#gated.delete(uid);
    this.#take(uid);
  }

  /** Keeps the newest form of a waiting pod without waking it. */
  refresh(pod: Pod): void {
    const { uid } = pod.metadata;
    const entry = this.#ready(uid) ?? this.#unschedulable.get(uid);
    if (entry) entry.pod = pod;
  }

  /** The pod fits nowhere until one of these events. */
  unschedulable(attempt: Attempt, isWokenBy: Waiting["isWokenBy"], refusedBy: readonly string[] = []): void {
    const { uid } = attempt.pod.metadata;
    const missed = this.#inFlight?.uid === uid ? this.#inFlight.events : [];
    const entry = this.#failed(attempt, isWokenBy, refusedBy);
    if (!entry) return;
    const event = missed.find((one) => isWokenBy(one, entry.pod));
    if (event) {
      this.#release(entry, eventLabel(event));
      return;
    }
    this.#counted("unschedulable", "ScheduleAttemptFailure");
    this.#unschedulable.set(uid, entry);
  }

  /** The attempt failed for a reason that has nothing to do with the cluster's state. */
  retry(attempt: Attempt): void {
    const entry = this.#failed(attempt, always);
    if (entry) this.#release(entry, "ScheduleAttemptFailure");
  }

  /** The pod is worth another try, whatever it waits for. */
  activate(uid: string): void {
    const entry = this.#unschedulable.get(uid);
    if (!entry) return;
    this.#unschedulable.delete(uid);
    this.#release(entry, FORCED);
  }

  /** The cluster changed so that waiting pods may fit now. */
  clusterChanged(event: ClusterEvent): void {
    this.#inFlight?.events.push(event);
    for (const [uid, entry] of this.#unschedulable) {
      if (!entry.isWokenBy(event, entry.pod)) continue;
      this.#unschedulable.delete(uid);
      this.#release(entry, eventLabel(event));
    }
  }

  /** The next pod whose time has come; undefined when the signal aborts. The attempt ends when it comes back, or the next begins. */
  async next(signal: AbortSignal): Promise<Attempt | undefined> {
    this.#inFlight = undefined;
    while (!signal.aborted) {
      const waitMs = this.#letGo();
      const entry = this.#active.pop() ?? this.#popHopeful();
      if (entry) {
        const { pod, enteredMs } = entry;
        this.#inFlight = { uid: pod.metadata.uid, events: [] };
        return { pod, attempts: entry.attempts + 1, enteredMs };
      }
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
      this.#release(entry, "UnschedulableTimeout");
    }
    for (
      let first = this.#backingOff.peek();
      first && first.dueMs <= nowMs;
      first = this.#backingOff.peek()
    ) {
      this.#counted("active", "BackoffComplete");
      this.#active.put(this.#backingOff.pop()!);
    }
    for (
      let first = this.#hopeful.peek();
      first && windowOf(first) < Math.floor(nowMs / WINDOW_MS);
      first = this.#hopeful.peek()
    ) {
      this.#counted("active", "BackoffComplete");
      this.#active.put(this.#hopeful.pop()!);
    }
    const due = this.#backingOff.peek()?.dueMs ?? nowMs + FLUSH_MS;
    const [oldest] = this.#unschedulable.values();
    return Math.min(due, (oldest?.failedAtMs ?? nowMs) + FLUSH_MS) - nowMs;
  }

  /** Undefined where the pod has come in anew while it was tried. */
  #failed(
    attempt: Attempt,
    isWokenBy: Waiting["isWokenBy"],
    refusedBy: readonly string[] = [],
  ): Waiting | undefined {
    const { uid } = attempt.pod.metadata;
    if (this.#inFlight?.uid === uid) this.#inFlight = undefined;
    if (this.#ready(uid)) return undefined;
    const failedAtMs = this.#clock.monotonicMs();
    const dueMs = failedAtMs + backoffMs(attempt.attempts - 1, this.#backoff);
    return { ...attempt, dueMs, failedAtMs, order: this.#order++, isWokenBy, refusedBy };
  }

  #release(entry: Waiting, cause: string): void {
    const isDue = entry.dueMs <= this.#clock.monotonicMs();
    this.#counted(isDue ? "active" : "backoff", cause);
    // Who is merely to be tried again, because a write has failed, has no reason to hope.
    const isHopeful = entry.refusedBy.length > 0 && cause !== FORCED;
    (isDue ? this.#active : isHopeful ? this.#hopeful : this.#backingOff).put(entry);
    this.#wake?.();
  }

  #popHopeful(): Waiting | undefined {
    const entry = this.#hopeful.pop();
    if (entry) this.#counted("active", "PopFromBackoffQ");
    return entry;
  }

  /** Where it is to be tried again, at once or later. */
  #ready(uid: string): Waiting | undefined {
    return this.#active.get(uid) ?? this.#backingOff.get(uid) ?? this.#hopeful.get(uid);
  }

  #take(uid: string): Waiting | undefined {
    const waiting = this.#active.take(uid) ?? this.#backingOff.take(uid) ?? this.#hopeful.take(uid);
    const entry = waiting ?? this.#unschedulable.get(uid);
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

const windowOf = ({ dueMs }: Waiting): number => Math.floor(dueMs / WINDOW_MS);

/** Whose time comes within the same second are ordered as those who may be tried. */
function comesFirstInWindow(a: Waiting, b: Waiting): boolean {
  const difference = windowOf(a) - windowOf(b);
  return difference === 0 ? comesFirst(a, b) : difference < 0;
}

function comesFirst(a: Waiting, b: Waiting): boolean {
  const difference = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0);
  return difference !== 0 ? difference < 0 : a.order < b.order;
}
