import { GantryError, invalidArgument } from "../../base/index.ts";
import {
  type Dockerfile,
  type DockerfileStage,
  expandWord,
  type Instruction,
  type InstructionOf,
  parseInstructions,
} from "../../formats/index.ts";
import type { GlobalArgs } from "./build-args.ts";

export type StageBase =
  | { kind: "scratch" }
  | { kind: "stage"; index: number }
  | { kind: "image"; reference: string };

/** A stage that the target needs. */
export interface PlannedStage {
  /** Number in the Dockerfile, from 0. */
  index: number;
  /** Number among the planned ones, from 0. */
  position: number;
  stage: DockerfileStage;
  base: StageBase;
  platform: string | undefined;
  /** Stages whose files it copies or builds on, by number. */
  needs: readonly number[];
  /** Number of its FROM among all steps, from 1. */
  firstStep: number;
}

export interface BuildPlan {
  dockerfile: Dockerfile;
  metaArgs: readonly InstructionOf<"ARG">[];
  /** In the order of the Dockerfile; the last is the target. */
  stages: readonly PlannedStage[];
  totalSteps: number;
}

/**
 * Finds out which stages a build needs and what each of them needs. `extraSteps` are steps added to the target (labels
 * given by the client).
 */
export function planBuild(
  dockerfile: Dockerfile,
  args: GlobalArgs,
  target: string | undefined,
  extraSteps: number,
): BuildPlan {
  declareMetaArgs(dockerfile, args);
  mentionStageArgs(dockerfile, args);
  assertNamesDiffer(dockerfile.stages);
  const targetIndex = findTarget(dockerfile.stages, target);
  const bases = dockerfile.stages.map((stage, index) =>
    index <= targetIndex ? baseOf(dockerfile, index, stage, args) : undefined,
  );
  const needs = dockerfile.stages.map((stage, index) =>
    index <= targetIndex ? needsOf(dockerfile.stages, index, stage, bases[index]!.base) : [],
  );
  const wanted = closure(needs, targetIndex);
  let nextStep = dockerfile.metaArgs.length + 1;
  const stages = wanted.map((index, position): PlannedStage => {
    const stage = dockerfile.stages[index]!;
    const firstStep = nextStep;
    nextStep += 1 + stage.instructions.length;
    return { index, position, stage, ...bases[index]!, needs: needs[index]!, firstStep };
  });
  return { dockerfile, metaArgs: dockerfile.metaArgs, stages, totalSteps: nextStep - 1 + extraSteps };
}

/** The stage that `--from` names, if it stands above stage `before`; undefined for the name of an image. */
export function findStage(
  stages: readonly DockerfileStage[],
  from: string,
  before: number,
): number | undefined {
  const named = stages.findIndex((stage, index) => index < before && stage.name === from.toLowerCase());
  if (named >= 0) return named;
  if (!/^\d+$/.test(from)) return undefined;
  const index = Number(from);
  if (index < before) return index;
  throw invalidArgument(
    `invalid from flag value ${from}: ${index === before ? "refers to current build stage" : "no such stage"}`,
    { code: "Build.UnknownStage" },
  );
}

function declareMetaArgs(dockerfile: Dockerfile, args: GlobalArgs): void {
  for (const instruction of dockerfile.metaArgs) {
    for (const { key, value } of instruction.args) {
      const expanded =
        value === undefined
          ? undefined
          : expandWord(value, args.metaVariables(), { escape: dockerfile.escapeChar }).text;
      args.declareMeta(key, expanded);
    }
  }
}

function mentionStageArgs(dockerfile: Dockerfile, args: GlobalArgs): void {
  for (const stage of dockerfile.stages) {
    for (const instruction of stage.instructions) {
      if (instruction.kind === "ARG") for (const { key } of instruction.args) args.mention(key);
    }
  }
}

function assertNamesDiffer(stages: readonly DockerfileStage[]): void {
  const seen = new Set<string>();
  for (const { name } of stages) {
    if (name !== "" && seen.has(name)) throw invalidArgument(`${name} stage name already used`);
    seen.add(name);
  }
}

function findTarget(stages: readonly DockerfileStage[], target: string | undefined): number {
  if (!target) return stages.length - 1;
  const named = stages.findIndex((stage) => stage.name === target.toLowerCase());
  if (named >= 0) return named;
  if (/^\d+$/.test(target) && Number(target) < stages.length) return Number(target);
  throw new GantryError("InvalidArgument", `failed to reach build target ${target} in Dockerfile`, {
    code: "Build.Target",
    details: { target },
  });
}

function baseOf(
  dockerfile: Dockerfile,
  index: number,
  stage: DockerfileStage,
  args: GlobalArgs,
): { base: StageBase; platform: string | undefined } {
  const expand = (text: string) =>
    expandWord(text, args.metaVariables(), { escape: dockerfile.escapeChar }).text;
  const name = expand(stage.from.base);
  if (name === "") {
    throw invalidArgument(`base name (${stage.from.base}) should not be blank`, { code: "Build.BlankBase" });
  }
  const platform = expand(stage.from.platform) || undefined;
  const earlier = dockerfile.stages.findIndex((other, at) => at < index && other.name === name.toLowerCase());
  if (earlier >= 0) return { base: { kind: "stage", index: earlier }, platform };
  if (name === "scratch") return { base: { kind: "scratch" }, platform };
  return { base: { kind: "image", reference: name }, platform };
}

function needsOf(
  stages: readonly DockerfileStage[],
  index: number,
  stage: DockerfileStage,
  base: StageBase,
): number[] {
  const needs = new Set<number>();
  if (base.kind === "stage") needs.add(base.index);
  const triggers = base.kind === "stage" ? triggersOf(stages[base.index]!) : [];
  for (const instruction of [...triggers, ...stage.instructions]) {
    if (instruction.kind !== "COPY" || instruction.from === "") continue;
    const from = findStage(stages, instruction.from, index);
    if (from !== undefined) needs.add(from);
  }
  return [...needs];
}

/** What a stage has the one that is built on it do. */
function triggersOf(stage: DockerfileStage): Instruction[] {
  return stage.instructions.flatMap((instruction) =>
    instruction.kind === "ONBUILD"
      ? parseInstructions(instruction.expression, "ONBUILD trigger").instructions
      : [],
  );
}

function closure(needs: readonly (readonly number[])[], target: number): number[] {
  const wanted = new Set([target]);
  for (const index of wanted) for (const need of needs[index]!) wanted.add(need);
  return [...wanted].sort((a, b) => a - b);
}
