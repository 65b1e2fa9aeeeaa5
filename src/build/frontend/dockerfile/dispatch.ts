import { posix } from "node:path";
import type { Conversion } from "./conversion.ts";
import { dispatchCopy } from "./dispatch-copy.ts";
import { dispatchMetadata } from "./dispatch-metadata.ts";
import { dispatchRun } from "./dispatch-run.ts";
import { instructionExpander } from "./expand-instruction.ts";
import type { OperationNode } from "./graph.ts";
import {
  addHistory,
  DEFAULT_PATH,
  entriesOf,
  runtimeConfig,
  variableName,
  variableValue,
} from "./image-config.ts";
import { ownerOf } from "./owner.ts";
import type { Stage, StageCommand } from "./stage.ts";
import { type Step, setEnv } from "./step.ts";
import { nextVertexName, shownCommand } from "./vertex-name.ts";

/** Turns the instructions of a stage into operations and configuration. */
export function dispatchStage(conversion: Conversion, stage: Stage): void {
  if (stage.base)
    conversion.budget.entries(stage.base.env.size + stage.base.buildArgs.size + entriesOf(stage.base.image));
  stage.inherit();
  stage.isDispatched = true;
  stage.platform ??= conversion.targetPlatform;
  conversion.source.at(stage.lines, () => takeBaseConfig(stage));
  for (const command of stage.commands) {
    const linter = conversion.linter.withComments(command.instruction.comments);
    const expand = instructionExpander(conversion, stage, command, linter);
    conversion.source.at(command.lines, () => dispatch({ conversion, stage, command, linter, expand }));
  }
  runtimeConfig(stage.image).Env = Array.from(stage.imageEnv, ([key, value]) => `${key}=${value}`);
}

function takeBaseConfig(stage: Stage): void {
  const config = runtimeConfig(stage.image);
  stage.imageEnv = new Map((config.Env ?? []).map((entry) => [variableName(entry), variableValue(entry)]));
  if (!stage.imageEnv.has("PATH")) stage.imageEnv.set("PATH", DEFAULT_PATH);
  for (const [key, value] of stage.imageEnv) setEnv(stage, key, value);
  if (config.WorkingDir) setWorkdir(stage, config.WorkingDir);
  if (config.User) stage.user = config.User;
}

function dispatch(step: Step): void {
  const { instruction } = step.command;
  if (instruction.kind === "RUN") dispatchRun(step, instruction);
  else if (instruction.kind === "COPY" || instruction.kind === "ADD") dispatchCopy(step, instruction);
  else if (instruction.kind === "WORKDIR") dispatchWorkdir(step, instruction.path);
  else dispatchMetadata(step, instruction);
}

function setWorkdir(stage: Stage, path: string): string {
  const config = runtimeConfig(stage.image);
  const directory = path.startsWith("/") ? path : posix.join("/", config.WorkingDir ?? "", path);
  config.WorkingDir = directory;
  stage.directory = directory;
  return directory;
}

function dispatchWorkdir({ conversion, stage, command, linter, expand }: Step, written: string): void {
  const path = expand(written);
  if (!stage.hasWorkdir && !path.startsWith("/")) linter.run("WorkdirRelativePath", command.lines, path);
  stage.hasWorkdir = true;
  const directory = setWorkdir(stage, path);
  const hasLayer = directory !== "/";
  if (hasLayer) {
    const shown = shownCommand(command.instruction.original, stage.env, { escape: conversion.escapeChar });
    const name = nextVertexName(conversion, stage, shown, { env: stage.env, isOnBuild: command.isOnBuild });
    stage.node = workdirNode(conversion, stage, command, { directory, name });
  }
  addHistory(stage.image, `WORKDIR ${directory}`, { hasLayer, epochSeconds: conversion.epochSeconds });
}

function workdirNode(
  { epochSeconds }: Conversion,
  stage: Stage,
  { lines }: StageCommand,
  { directory, name }: { directory: string; name: string },
): OperationNode {
  const user = stage.image.config?.User ?? "";
  const timestamp = epochSeconds === undefined ? -1 : epochSeconds * 1e9;
  const input = stage.node ? 0 : -1;
  const mkdir = { path: posix.resolve("/", directory), mode: 0o755, makeParents: true, timestamp };
  return {
    kind: "operation",
    inputs: stage.node ? [stage.node] : [],
    make: (inputs) => ({
      inputs,
      file: {
        actions: [
          {
            input,
            secondaryInput: -1,
            output: 0,
            mkdir: { ...mkdir, ...(user === "" ? {} : { owner: ownerOf(user, input) }) },
          },
        ],
      },
    }),
    metadata: { description: { "llb.customname": name } },
    lines,
  };
}
