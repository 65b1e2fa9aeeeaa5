import { type Clock, invalidArgument, notImplemented, rfc3339Nanos } from "../../base/index.ts";
import {
  type Dockerfile,
  expandWord,
  type ImageRuntimeConfig,
  type Instruction,
  type InstructionOf,
  parseInstructions,
  shortId,
} from "../../formats/index.ts";
import type { ImageRecord, ImageService } from "../../images/types.ts";
import { DEFAULT_PATH } from "../image-config.ts";
import type { SolveEvent, Solver } from "../solver/types.ts";
import type { BuildOutput, BuildRequest, RunExecutor } from "../types.ts";
import { type GlobalArgs, StageArgs } from "./build-args.ts";
import { buildCanceled } from "./build-canceled.ts";
import type { BuildContext } from "./context.ts";
import { runCopyStep } from "./copy-step.ts";
import { applyMetadata, isMetadataInstruction, metadataHistory, resolveWorkdir } from "./metadata-step.ts";
import type { PlannedStage } from "./plan.ts";
import { runRunStep } from "./run-step.ts";
import { StageJob } from "./stage-job.ts";
import type { StepCache, StepKey } from "./step-cache.ts";
import { runWorkdirStep } from "./workdir-step.ts";

/** What a stage ends with; without image for a stage that is `FROM scratch` and nothing else. */
export interface StageResult {
  image: ImageRecord | undefined;
}

/** What all stages of a build share. */
export interface BuildScope {
  request: BuildRequest;
  images: ImageService;
  executor: RunExecutor;
  solver: Pick<Solver, "startJob">;
  cache: StepCache;
  context: BuildContext;
  args: GlobalArgs;
  dockerfile: Dockerfile;
  totalSteps: number;
  clock: Clock;
  signal: AbortSignal;
  /** Result of another stage, built if need be. */
  stage(index: number): Promise<StageResult>;
  /** A base image or source of COPY --from, pulled if need be. */
  findImage(reference: string, platform: string | undefined, output: BuildOutput): Promise<ImageRecord>;
}

/** What a step has written, held by the stage's job. */
export interface StepLayer {
  diffId: string;
  /** Of a container that stays: what it writes from here on lies on the layer. */
  snapshotKey?: string;
}

/** A step's contribution: what to commit on top of the stage so far. */
export interface StepCommit {
  key: StepKey;
  config: ImageRuntimeConfig;
  createdBy: string;
  /** Makes the layer; absent for metadata. */
  layer?: () => Promise<StepLayer>;
}

/** Carries out one stage, instruction by instruction. */
export class StageBuilder {
  readonly scope: BuildScope;
  readonly planned: PlannedStage;
  readonly output: BuildOutput;
  readonly args: StageArgs;
  readonly job: StageJob;
  config: ImageRuntimeConfig = {};
  image: ImageRecord | undefined;
  #author: string | undefined;
  #cmdWasSet = false;
  #step: number;

  constructor(scope: BuildScope, planned: PlannedStage, output: BuildOutput) {
    this.scope = scope;
    this.planned = planned;
    this.output = output;
    this.args = new StageArgs(scope.args);
    this.#step = planned.firstStep;
    const { solver, signal } = scope;
    this.job = new StageJob({ solver, signal, onEvent: (event) => this.#tellProgress(event) });
  }

  /** `extra` are instructions added by the client's options. */
  async run(extra: readonly Instruction[]): Promise<StageResult> {
    try {
      return await this.#run(extra);
    } finally {
      await this.job.close();
    }
  }

  async #run(extra: readonly Instruction[]): Promise<StageResult> {
    this.#announce(this.planned.stage.from.original);
    await this.#begin();
    await this.#runTriggers();
    this.#tellImage();
    for (const instruction of [...this.planned.stage.instructions, ...extra]) {
      this.#throwIfCanceled();
      this.#announce(instruction.original);
      await this.#dispatch(instruction);
      this.#tellImage();
    }
    if (this.image) this.output.image(this.image.id);
    return { image: this.image };
  }

  /** Substitutes variables in an instruction's word. */
  expand(text: string): string {
    return expandWord(text, this.args.variables(this.config.Env ?? []), {
      escape: this.scope.dockerfile.escapeChar,
    }).text;
  }

  /** Looks the step up, or carries it out, commits it and remembers it. */
  async commit(step: StepCommit): Promise<void> {
    const known = this.scope.request.noCache ? undefined : await this.scope.cache.find(step.key);
    if (known !== undefined) {
      this.output.text(" ---> Using cache\n");
      this.#become(await this.scope.images.get(known));
      return;
    }
    const layer = await step.layer?.();
    const nowMs = this.scope.clock.nowMs();
    const image = await this.scope.images.commit({
      parentId: this.image?.id,
      layer: layer?.diffId,
      snapshotKey: layer?.snapshotKey,
      config: step.config,
      history: {
        created: rfc3339Nanos(nowMs),
        created_by: step.createdBy,
        ...(this.#author === undefined ? {} : { author: this.#author }),
        ...(layer ? {} : { empty_layer: true }),
      },
      author: this.#author,
      createdAtMs: nowMs,
    });
    await this.scope.cache.remember(step.key, image.id);
    this.#become(image);
  }

  key(instruction: string, ...inputs: unknown[]): StepKey {
    return { parentId: this.image?.id, instruction, inputs };
  }

  async #begin(): Promise<void> {
    const { base, platform } = this.planned;
    if (base.kind === "stage") this.image = (await this.scope.stage(base.index)).image;
    else if (base.kind === "image") {
      this.image = await this.scope.findImage(base.reference, platform, this.output);
    }
    this.config = { ...this.image?.config.config };
    this.#author = this.image?.config.author;
    const env = this.config.Env ?? [];
    if (!env.some((entry) => entry.startsWith("PATH="))) this.config.Env = [...env, DEFAULT_PATH];
  }

  #become(image: ImageRecord): void {
    this.image = image;
    this.config = { ...image.config.config };
  }

  async #runTriggers(): Promise<void> {
    const triggers = this.config.OnBuild ?? [];
    if (!this.config.OnBuild) return;
    this.config = { ...this.config, OnBuild: null };
    if (triggers.length === 0) return;
    this.output.text(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? "s" : ""}\n`);
    for (const trigger of triggers) {
      const { instructions } = parseInstructions(trigger, "ONBUILD trigger");
      for (const instruction of instructions) {
        this.#throwIfCanceled();
        await this.#dispatch(instruction);
      }
    }
  }

  async #dispatch(instruction: Instruction): Promise<void> {
    if (isMetadataInstruction(instruction)) return this.#metadata(instruction);
    switch (instruction.kind) {
      case "ARG":
        return this.#arg(instruction);
      case "MAINTAINER":
        return this.#maintainer(instruction);
      case "WORKDIR": {
        const path = resolveWorkdir(this.config.WorkingDir, this.expand(instruction.path));
        return runWorkdirStep(this, path);
      }
      case "COPY":
      case "ADD":
        return runCopyStep(this, instruction);
      case "RUN":
        return runRunStep(this, instruction);
      default:
        throw notImplemented(`${instruction.kind} is not supported here`);
    }
  }

  async #metadata(instruction: Parameters<typeof applyMetadata>[1]): Promise<void> {
    const { config, comment } = applyMetadata(this.config, instruction, {
      variables: this.args.variables(this.config.Env ?? []),
      escapeChar: this.scope.dockerfile.escapeChar,
      cmdWasSet: this.#cmdWasSet,
    });
    if (instruction.kind === "CMD") this.#cmdWasSet = true;
    await this.commitMetadata(instruction.kind, config, comment);
  }

  async #arg(instruction: InstructionOf<"ARG">): Promise<void> {
    const texts: string[] = [];
    for (const { key, value } of instruction.args) {
      const name = this.expand(key);
      if (name === "") throw invalidArgument("ARG names can not be blank");
      const expanded = value === undefined ? undefined : this.expand(value);
      this.args.declare(name, expanded);
      texts.push(expanded === undefined ? name : `${name}=${expanded}`);
    }
    await this.commitMetadata("ARG", this.config, `ARG ${texts.join(" ")}`);
  }

  async #maintainer(instruction: InstructionOf<"MAINTAINER">): Promise<void> {
    this.#author = instruction.maintainer;
    await this.commitMetadata("MAINTAINER", this.config, `MAINTAINER ${instruction.maintainer}`);
  }

  async commitMetadata(kind: string, config: ImageRuntimeConfig, comment: string): Promise<void> {
    const key = this.key(kind, comment, config);
    // SHELL counts for its own entry already.
    await this.commit({ key, config, createdBy: metadataHistory(config, comment) });
  }

  /** Downloads; what commands write their containers tell. */
  #tellProgress(event: SolveEvent): void {
    if (event.kind !== "status" || !/^https?:/i.test(event.id)) return;
    const { current, total } = event;
    this.output.progress({ status: "Downloading", current, ...(total > 0 ? { total } : {}) });
  }

  #announce(text: string): void {
    this.output.text(`Step ${this.#step}/${this.scope.totalSteps} : ${text}\n`);
    this.#step++;
  }

  #tellImage(): void {
    this.output.text(` ---> ${this.image ? shortId(this.image.id) : ""}\n`);
  }

  #throwIfCanceled(): void {
    if (this.scope.signal.aborted) throw buildCanceled(this.scope.signal);
  }
}
