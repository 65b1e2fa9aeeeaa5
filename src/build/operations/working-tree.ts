import { closeSync, constants, openSync } from "node:fs";
import { O_PATH } from "../../kernel/index.ts";
import type { Ref } from "../solver/ref.ts";
import type { OpenTree, TreeLayer } from "../solver/types.ts";
import type { StepRoot, StepSnapshot } from "../workspace.ts";
import type { OperationRun } from "./operation-context.ts";

/** A tree that is being written: what it lies on, and its own layer to be. */
export class WorkingTree {
  readonly #run: OperationRun;
  readonly #base: Ref;
  #snapshot: StepSnapshot | undefined;
  #step: StepRoot | undefined;
  #below: OpenTree | undefined;
  #upperFd: number | undefined;

  constructor(run: OperationRun, base: Ref) {
    this.#run = run;
    this.#base = base;
  }

  /** Root for writing. */
  async rootFd(): Promise<number> {
    if (!this.#step) {
      const snapshot = this.#snapshot ?? (await this.#prepare());
      this.#closeDirect();
      this.#snapshot = undefined;
      this.#step = await this.#run.host.workspace.mountStep(snapshot);
    }
    return this.#step.root.fd;
  }

  /** What it lies on, and the directory of what is new, for as long as nobody asks for the root. */
  async direct(): Promise<{ below: number; upper: number } | undefined> {
    if (this.#step) return undefined;
    this.#snapshot ??= await this.#prepare();
    this.#upperFd ??= openSync(this.#snapshot.dir, O_PATH | constants.O_DIRECTORY);
    if (!this.#below) {
      const { fd, close } = await this.#run.host.workspace.readRoot(
        this.#base.layers.map(({ diffId }) => diffId),
      );
      this.#below = { rootFd: fd, close };
    }
    return { below: this.#below.rootFd, upper: this.#upperFd };
  }

  #prepare(): Promise<StepSnapshot> {
    const layers = this.#base.layers.map(({ diffId }) => diffId);
    return this.#run.host.workspace.snapshot({ layers });
  }

  #closeDirect(): void {
    this.#below?.close();
    this.#below = undefined;
    if (this.#upperFd !== undefined) closeSync(this.#upperFd);
    this.#upperFd = undefined;
  }

  /** What was written becomes a layer, held until the function that `releases` gets is called. */
  async commit(releases: (() => void)[]): Promise<Ref> {
    const written = this.#step ?? this.#snapshot;
    if (!written) return this.#base;
    this.#step?.unmount();
    this.#closeDirect();
    this.#step = undefined;
    this.#snapshot = undefined;
    try {
      const made = await this.#run.host.images.commitLayer(written.key);
      releases.push(made.release);
      return { layers: [...this.#base.layers, this.#layer(made.diffId)] };
    } finally {
      await written.dispose();
    }
  }

  #layer(diffId: string): TreeLayer {
    return { diffId, createdAtMs: this.#run.host.clock.nowMs(), description: this.#run.name };
  }

  async discard(): Promise<void> {
    this.#closeDirect();
    await (this.#step ?? this.#snapshot)?.dispose();
    this.#step = undefined;
    this.#snapshot = undefined;
  }
}
