import type { BuildTree, llb, SolveJob } from "../../build/index.ts";

/** A result that is solved when somebody first looks into it. */
export class LazyRef {
  readonly definition: llb.Definition;
  readonly #job: SolveJob;
  #tree: Promise<BuildTree> | undefined;

  constructor(job: SolveJob, definition: llb.Definition) {
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
