import type { ImageConfig, Instruction, InstructionOf, Platform } from "../../../formats/index.ts";
import type { GraphNode } from "./graph.ts";
import { copyConfig } from "./image-config.ts";
import type { NamedContext } from "./named-contexts.ts";
import { Outline } from "./outline.ts";
import type { LineRange } from "./source-map.ts";

export interface StageCommand {
  instruction: Instruction;
  /** Stages that it takes files of: one for COPY --from, one a mount for RUN. */
  sources: readonly Stage[];
  isOnBuild: boolean;
  lines: LineRange;
}

/** Where an instruction that counts only once stood last. */
export interface SeenOnce {
  cmd?: LineRange;
  entrypoint?: LineRange;
  healthcheck?: LineRange;
}

export interface StageOptions {
  /** `FROM … AS name`, in lower case. */
  name: string;
  baseName: string;
  lines: LineRange | undefined;
  from?: InstructionOf<"FROM">;
}

/** A stage while it becomes operations: what is true of it after the instructions so far. */
export class Stage {
  readonly name: string;
  readonly lines: LineRange | undefined;
  readonly from: InstructionOf<"FROM"> | undefined;
  /** What it is built on; the canonical reference once that is an image that was looked up. */
  baseName: string;
  /** As in the names of operations; empty for the only stage. */
  shownName: string;
  /** An image that COPY --from or a mount names, and no stage of the Dockerfile. */
  isUnregistered = false;
  base: Stage | undefined;
  namedContext: NamedContext | undefined;
  commands: StageCommand[] = [];
  readonly needs = new Map<Stage, Instruction>();
  readonly outline: Outline;
  isResolved = false;
  isDispatched = false;
  hasTriggers = false;
  ignoresCache = false;

  platform: Platform | undefined;
  image: ImageConfig = { os: "", architecture: "", rootfs: { type: "layers", diff_ids: [] } };
  baseImage: ImageConfig | undefined;
  /** Undefined: no file at all. */
  node: GraphNode | undefined;
  env = new Map<string, string>();
  directory = "/";
  user = "";
  /** Arguments that ARG has declared, in that order. */
  buildArgs = new Map<string, string | undefined>();
  /** Those of the image, where a variable that is set again keeps its place. */
  imageEnv = new Map<string, string>();
  hasWorkdir = false;
  seenOnce: SeenOnce = {};

  /** Paths of the main context that its instructions name. */
  readonly contextPaths = new Set<string>();
  /** Paths of itself that others need. Stages that are built on each other share them. */
  paths = new Set<string>();

  commandIndex = 0;
  commandTotal = 0;

  constructor({ name, baseName, lines, from }: StageOptions, outline = new Outline()) {
    this.name = name;
    this.shownName = name;
    this.baseName = baseName;
    this.lines = lines;
    this.from = from;
    this.outline = outline;
  }

  /** Takes over what the stage below has come to. */
  inherit(): void {
    const { base } = this;
    if (!base) return;
    this.node = base.node;
    this.env = new Map(base.env);
    this.directory = base.directory;
    this.user = base.user;
    this.platform = base.platform;
    this.image = copyConfig(base.image);
    // Triggers are for the next stage, not for the one after that.
    if (this.image.config) delete this.image.config.OnBuild;
    this.baseImage = base.baseImage;
    this.paths = base.paths;
    this.hasWorkdir = base.hasWorkdir;
    this.buildArgs = new Map(base.buildArgs);
  }
}
