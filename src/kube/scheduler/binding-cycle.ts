import { errorMessage } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import type { SchedulingPlugin } from "./framework.ts";
import type { Attempted, SchedulingContext } from "./scheduling-context.ts";

/** Brings pods to the nodes that were found for them, beside the search for others. */
export class BindingCycle {
  readonly #context: SchedulingContext;

  constructor(context: SchedulingContext) {
    this.#context = context;
  }

  bind(attempted: Attempted, node: string): void {
    const { pod, profile } = attempted;
    const { snapshot, queue, writer, metrics, waitingForm } = this.#context;
    const { plugins, timer } = profile;
    const promised = snapshot.nominator.nodeOf(pod.metadata.uid);
    snapshot.nominator.remove(pod.metadata.uid);
    // It may have come in anew while others were asked about it.
    queue.remove(pod.metadata.uid);
    snapshot.assume(pod, node);
    timer.measure("Reserve", () => {
      for (const plugin of plugins) plugin.reserve?.(pod, node);
    });
    const write = (): void => this.#write(attempted, node, promised);
    const prebound = timer.begin("PreBind");
    const { before, failed } = beforeBinding(plugins, pod, node);
    metrics.bindingBegan();
    if (before.length === 0) {
      prebound("Success");
      write();
      return;
    }
    // What takes long keeps nobody else waiting.
    const bindNow = (): void => {
      prebound("Success");
      write();
    };
    Promise.all(before).then(bindNow, (error) => {
      prebound("Error");
      if (waitingForm(pod))
        writer.tellUnschedulable(pod, `running PreBind plugin "${failed()}": ${errorMessage(error)}`);
      this.#giveUp(attempted, node, promised);
    });
  }

  #write(attempted: Attempted, node: string, promised: string | undefined): void {
    const { pod, profile, attempts, enteredMs, startedMs } = attempted;
    const { writer, metrics } = this.#context;
    const bound = profile.timer.begin("Bind");
    writer.bind(pod, node, {
      onSuccess: () => {
        bound("Success");
        metrics.bindingEnded();
        metrics.attempted(profile.name, "scheduled", startedMs);
        metrics.scheduled(attempts, enteredMs);
        profile.timer.measure("PostBind", () => {
          for (const plugin of profile.plugins) plugin.postBind?.(pod);
        });
      },
      onFailure: () => {
        bound("Error");
        this.#giveUp(attempted, node, promised);
      },
    });
  }

  /** The node that it had in prospect stays so. */
  #giveUp(attempted: Attempted, node: string, promised: string | undefined): void {
    const { pod, profile, attempts, enteredMs, startedMs } = attempted;
    const { snapshot, queue, metrics, waitingForm } = this.#context;
    metrics.attempted(profile.name, "error", startedMs);
    metrics.bindingEnded();
    profile.timer.measure("Unreserve", () => {
      for (const plugin of profile.plugins) plugin.unreserve?.(pod, node);
    });
    snapshot.forget(pod.metadata.uid);
    const known = waitingForm(pod);
    if (known && promised !== undefined) snapshot.nominator.set(known, promised);
    queue.clusterChanged({ type: "pod-gone", pod });
    if (known) queue.retry({ pod: known, attempts, enteredMs });
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
