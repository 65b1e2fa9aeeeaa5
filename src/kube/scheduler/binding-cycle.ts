import { errorMessage } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import type { SchedulingPlugin } from "./framework.ts";
import type { SchedulingContext } from "./scheduling-context.ts";

/** Brings pods to the nodes that were found for them, beside the search for others. */
export class BindingCycle {
  readonly #context: SchedulingContext;

  constructor(context: SchedulingContext) {
    this.#context = context;
  }

  bind(pod: Pod, attempts: number, node: string): void {
    const { snapshot, plugins, writer, waitingForm } = this.#context;
    const promised = snapshot.nominator.nodeOf(pod.metadata.uid);
    snapshot.nominator.remove(pod.metadata.uid);
    snapshot.assume(pod, node);
    for (const plugin of plugins) plugin.reserve?.(pod, node);
    const write = (): void =>
      writer.bind(pod, node, {
        onSuccess: () => {
          for (const plugin of plugins) plugin.postBind?.(pod);
        },
        onFailure: () => this.#giveUp(pod, attempts, node, promised),
      });
    const { before, failed } = beforeBinding(plugins, pod, node);
    if (before.length === 0) {
      write();
      return;
    }
    // What takes long keeps nobody else waiting.
    Promise.all(before).then(write, (error) => {
      if (waitingForm(pod))
        writer.tellUnschedulable(pod, `running PreBind plugin "${failed()}": ${errorMessage(error)}`);
      this.#giveUp(pod, attempts, node, promised);
    });
  }

  /** The node that it had in prospect stays so. */
  #giveUp(pod: Pod, attempts: number, node: string, promised: string | undefined): void {
    const { snapshot, queue, plugins, waitingForm } = this.#context;
    for (const plugin of plugins) plugin.unreserve?.(pod, node);
    snapshot.forget(pod.metadata.uid);
    const known = waitingForm(pod);
    if (known && promised !== undefined) snapshot.nominator.set(known, promised);
    queue.clusterChanged({ type: "pod-gone", pod });
    if (known) queue.retry(known, attempts);
  }
}

/** The plugins' work before a pod is bound, and which of them failed first. */
function beforeBinding(plugins: readonly SchedulingPlugin<never>[], pod: Pod, node: string) {
  let failed = "";
  const before = plugins.flatMap(({ name, preBind }) => {
    const work = preBind?.(pod, node);
    if (!work) return [];
    const noting = work.catch((error) => {
      failed ||= name;
      throw error;
    });
    return [noting];
  });
  return { before, failed: () => failed };
}
