import { errorMessage, type Logger } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import type { BindingCycle } from "./binding-cycle.ts";
import { podInfoOf } from "./pod-info.ts";
import type { Attempt } from "./queue.ts";
import { isWorthATry, leavesProspect } from "./queue-events.ts";
import type { Attempted, SchedulingContext } from "./scheduling-context.ts";
import type { Selection } from "./select-node.ts";

/** Finds a node for one pod at a time; where there is none, makes room or lets the pod wait. */
export class SchedulingCycle {
  readonly #context: SchedulingContext;
  readonly #binding: BindingCycle;
  readonly #logger: Logger;
  /** Whose victims are being told to go. */
  readonly #preempting = new Set<string>();

  constructor(context: SchedulingContext, binding: BindingCycle, logger: Logger) {
    this.#context = context;
    this.#binding = binding;
    this.#logger = logger;
  }

  /** Tries the pod; waits only where somebody outside is asked. Never throws. */
  schedule(attempt: Attempt): void | Promise<void> {
    const { snapshot, extenders, clock, profileOf } = this.#context;
    const profile = profileOf(attempt.pod);
    // Its schedulerName cannot change: it is somebody else's.
    if (!profile) return;
    const attempted = { ...attempt, profile, startedMs: clock.monotonicMs() };
    try {
      if (!extenders?.isInterestedIn(attempt.pod))
        return this.#conclude(attempted, profile.selector.select(attempt.pod, snapshot));
    } catch (error) {
      return this.#failed(attempted, error);
    }
    return profile.selector.selectAsking(attempt.pod, snapshot).then(
      (selection) => this.#concludeIfWaiting(attempted, selection),
      (error) => this.#failed(attempted, error),
    );
  }

  /** It may be gone, or have its node, by now. */
  #concludeIfWaiting(attempted: Attempted, selection: Selection): void {
    const pod = this.#context.waitingForm(attempted.pod);
    if (pod) this.#conclude({ ...attempted, pod }, selection);
  }

  #conclude(attempted: Attempted, selection: Selection): void {
    const { metrics } = this.#context;
    const { profile, startedMs } = attempted;
    if (selection.node !== undefined) {
      metrics.decided(startedMs);
      this.#binding.bind(attempted, selection.node);
      return;
    }
    metrics.attempted(profile.name, "unschedulable", startedMs);
    this.#wait(attempted, selection);
  }

  #failed(attempted: Attempted, error: unknown): void {
    const { queue, metrics, writer, waitingForm } = this.#context;
    const { profile, startedMs } = attempted;
    const pod = waitingForm(attempted.pod);
    metrics.attempted(profile.name, "error", startedMs);
    const why = { pod: attempted.pod.metadata.name, error: errorMessage(error) };
    this.#logger.error("scheduling failed, will retry", why);
    if (!pod) return;
    writer.tellError(pod, errorMessage(error));
    queue.retry({ ...attempted, pod });
  }

  #wait(attempted: Attempted, selection: Selection & { node: undefined }): void {
    const { snapshot, queue, writer, metrics } = this.#context;
    const { message, refusedBy, preemption } = selection;
    const { pod, attempts, enteredMs } = attempted;
    const { uid } = pod.metadata;
    queue.unschedulable(
      { pod, attempts, enteredMs },
      (event, waiting) =>
        !this.#preempting.has(uid) &&
        (leavesProspect(event, snapshot.nominator.nodeOf(uid)) ||
          isWorthATry(event, waiting, refusedBy, snapshot, metrics.events)),
      [...refusedBy].map(({ name }) => name),
    );
    const { nominate, victims = [] } = preemption;
    if (nominate !== undefined) metrics.preemptionTried();
    if (nominate === "") snapshot.nominator.remove(uid);
    writer.tellUnschedulable(pod, message, nominate);
    if (victims.length > 0) this.#driveOut(pod, nominate!, victims);
  }

  /** Drives out the victims; the pod waits until they are gone. Who had less right to the place looks for another one. */
  #driveOut(pod: Pod, node: string, victims: readonly Pod[]): void {
    const { snapshot, queue, writer, metrics } = this.#context;
    const { uid } = pod.metadata;
    metrics.preempted(victims.length);
    snapshot.nominator.set(pod, node);
    const { priority } = podInfoOf(pod);
    for (const other of [...snapshot.nominator.on(node)]) {
      if (other.priority >= priority) continue;
      snapshot.nominator.remove(other.pod.metadata.uid);
      writer.clearNomination(other.pod);
      queue.activate(other.pod.metadata.uid);
    }
    this.#preempting.add(uid);
    writer.preempt(
      { pod, node, victims },
      () => this.#preempting.delete(uid),
      () => queue.activate(uid),
    );
  }
}
