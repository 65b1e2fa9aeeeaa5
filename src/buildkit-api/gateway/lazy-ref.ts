import type { Definition } from "../../build/llb/index.ts";
import type { BuildTree, SolveJob } from "../../build/solver/types.ts";

/** A result that is solved when somebody first looks into it. */
export class LazyRef {
  readonly definition: Definition;
  readonly #job: SolveJob;
  #tree: Promise<BuildTree> | undefined;

  constructor(job: SolveJob, definition: Definition) {
    this.#job = job;
    this.definition = definition;
  }

  tree(): Promise<BuildTree> {
    this.#tree ??= this.#job.solve(this.definition);
    return this.#tree;
  }

  async release(): Promise<void> {
    const tree = await this.#tree?.catch(() => undefined);
    await tree?.release();
  }
}
