import { newHexId } from "../../base/index.ts";
import type { ImageRecord } from "../../images/types.ts";
import { DefinitionBuilder, type LlbOutput, type OutgoingMetadata, type OutgoingOp } from "../llb/index.ts";
import { layersOfImage } from "../solver/image-layers.ts";
import { EMPTY_REF, type Ref } from "../solver/ref.ts";
import type { BuildTree, SolveEvent, SolveJob, Solver } from "../solver/types.ts";
import type { LocalTree } from "../sources/local-tree.ts";
import type { RunExecutor } from "../types.ts";

export interface StageJobOptions {
  solver: Pick<Solver, "startJob">;
  signal: AbortSignal;
  /** Hears of what operations tell while they run. */
  onEvent: (event: SolveEvent) => void;
}

const CONTEXT = "context";

/**
 * A stage's work for the solver: each step is operations on trees that are here, the image so far among them. A step's result is an image
 * and nothing else, so that nothing stays of a step whose image was removed.
 */
export class StageJob {
  readonly #job: SolveJob;
  readonly #definitions = new DefinitionBuilder();
  readonly #trees = new Map<string, Ref>();
  #executor: RunExecutor | undefined;

  constructor({ solver, signal, onEvent }: StageJobOptions) {
    this.#job = solver.startJob({
      id: newHexId(),
      session: undefined,
      entitlements: [],
      onEvent,
      signal,
      trees: (name) => this.#trees.get(name),
      executor: { run: (request) => this.#executor!.run(request) },
      forgetsResults: true,
    });
  }

  /** The files of an image; none for none. */
  image(image: ImageRecord | undefined): LlbOutput {
    if (!image) return this.#bring("scratch", EMPTY_REF);
    return this.#bring(image.id, { layers: layersOfImage(image, "") });
  }

  context(local: LocalTree): LlbOutput {
    return this.#bring(CONTEXT, { layers: [], local });
  }

  #bring(name: string, ref: Ref): LlbOutput {
    this.#trees.set(name, ref);
    return this.add({ source: { identifier: `job://${name}` } });
  }

  add(op: OutgoingOp, metadata: OutgoingMetadata = {}): LlbOutput {
    return this.#definitions.add(op, metadata);
  }

  solve(output: LlbOutput): Promise<BuildTree> {
    return this.#job.solve(this.#definitions.definitionOf(output));
  }

  /** The layer that an operation on an image's files makes; `executor` carries out commands. */
  async layerOn(image: ImageRecord | undefined, output: LlbOutput, executor?: RunExecutor): Promise<string> {
    this.#executor = executor;
    const tree = await this.solve(output);
    const layers = await tree.layers();
    return layers[image?.layers.length ?? 0]!.diffId;
  }

  /** Lets go of layers that no image has taken. */
  close(): Promise<void> {
    return this.#job.close();
  }
}
