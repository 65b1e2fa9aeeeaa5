import type { BuildTree, llb, SolveJob } from "../../build/index.ts";

/** What a frontend was asked for. */
export interface RefRequest {
  frontend: string;
  options: Readonly<Record<string, string>>;
}

/** A result that is solved when somebody first looks into it. */
export class LazyRef {
  readonly definition: llb.Definition;
  /** Undefined for a definition that no frontend of this program made. */
  readonly request: RefRequest | undefined;
  readonly #job: SolveJob;
  #tree: Promise<BuildTree> | undefined;

  constructor(job: SolveJob, definition: llb.Definition, request?: RefRequest) {
    this.request = request;
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
