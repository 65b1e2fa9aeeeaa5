import type { Ref } from "../solver/ref.ts";
import type { TreeLayer } from "../solver/types.ts";
import type { StepRoot } from "../workspace.ts";
import type { OperationRun } from "./operation-context.ts";

/** A tree that is being written: what it lies on, and its own layer to be. */
export class WorkingTree {
  readonly #run: OperationRun;
  readonly #base: Ref;
  #step: StepRoot | undefined;

  constructor(run: OperationRun, base: Ref) {
    this.#run = run;
    this.#base = base;
  }

  /** Root for writing. */
  async rootFd(): Promise<number> {
    const layers = this.#base.layers.map(({ diffId }) => diffId);
    this.#step ??= await this.#run.host.workspace.stepRoot({ layers });
    return this.#step.root.fd;
  }

  /** What was written becomes a layer, held until the function that `releases` gets is called. */
  async commit(releases: (() => void)[]): Promise<Ref> {
    const step = this.#step;
    if (!step) return this.#base;
    this.#step = undefined;
    try {
      step.unmount();
      const made = await this.#run.host.images.commitLayer(step.key);
      releases.push(made.release);
      return { layers: [...this.#base.layers, this.#layer(made.diffId)] };
    } finally {
      await step.dispose();
    }
  }

  #layer(diffId: string): TreeLayer {
    return { diffId, createdAtMs: this.#run.host.clock.nowMs(), description: this.#run.name };
  }

  async discard(): Promise<void> {
    await this.#step?.dispose();
    this.#step = undefined;
  }
}
