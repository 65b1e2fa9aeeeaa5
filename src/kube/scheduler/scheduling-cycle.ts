import type { Pod } from "../api/index.ts";
import type { BindingCycle } from "./binding-cycle.ts";
import { podInfoOf } from "./pod-info.ts";
import { isWorthATry, leavesProspect } from "./queue-events.ts";
import type { SchedulingContext } from "./scheduling-context.ts";
import type { Selection } from "./select-node.ts";

/** Finds a node for one pod at a time; where there is none, makes room or lets the pod wait. */
export class SchedulingCycle {
  readonly #context: SchedulingContext;
  readonly #binding: BindingCycle;
  /** Whose victims are being told to go. */
  readonly #preempting = new Set<string>();

  constructor(context: SchedulingContext, binding: BindingCycle) {
    this.#context = context;
    this.#binding = binding;
  }

  schedule(pod: Pod, attempts: number): void {
    const { selector, snapshot } = this.#context;
    const selection = selector.select(pod, snapshot);
    if (selection.node === undefined) this.#wait(pod, attempts, selection);
    else this.#binding.bind(pod, attempts, selection.node);
  }

  #wait(pod: Pod, attempts: number, selection: Selection & { node: undefined }): void {
    const { snapshot, queue, writer } = this.#context;
    const { message, refusedBy, preemption } = selection;
    const { uid } = pod.metadata;
    queue.unschedulable(
      pod,
      attempts,
      (event, waiting) =>
        !this.#preempting.has(uid) &&
        (leavesProspect(event, snapshot.nominator.nodeOf(uid)) ||
          isWorthATry(event, waiting, refusedBy, snapshot)),
    );
    const { nominate, victims = [] } = preemption;
    if (nominate === "") snapshot.nominator.remove(uid);
    writer.tellUnschedulable(pod, message, nominate);
    if (victims.length > 0) this.#driveOut(pod, nominate!, victims);
  }

  /** Drives out the victims; the pod waits until they are gone. Who had less right to the place looks for another one. */
  #driveOut(pod: Pod, node: string, victims: readonly Pod[]): void {
    const { snapshot, queue, writer } = this.#context;
    const { uid } = pod.metadata;
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
