import { invalidArgument } from "../../../base/index.ts";
import type {
  CommandLine,
  HealthcheckConfig,
  ImageRuntimeConfig,
  Instruction,
  InstructionOf,
  KeyValue,
} from "../../../formats/index.ts";
import { isSignal } from "../../stop-signal.ts";
import { dispatchArg } from "./dispatch-arg.ts";
import { exposedPorts } from "./expose-ports.ts";
import { durationText, goQuotedList } from "./go-text.ts";
import { addHistory, mapOf, runtimeConfig, withShell } from "./image-config.ts";
import { checkNoSecret } from "./lint/checks.ts";
import type { SeenOnce } from "./stage.ts";
import { type Step, setEnv } from "./step.ts";

/** Instructions that change the configuration alone. */
export function dispatchMetadata(step: Step, instruction: Instruction): void {
  const { stage, conversion } = step;
  const text = applyInstruction(step, instruction);
  if (text !== undefined)
    addHistory(stage.image, text, { hasLayer: false, epochSeconds: conversion.epochSeconds });
}

/** Returns how the image's history tells it; undefined if it does not. */
function applyInstruction(step: Step, instruction: Instruction): string | undefined {
  const { stage, expand, command, linter } = step;
  const config = runtimeConfig(stage.image);
  switch (instruction.kind) {
    case "ARG":
      return dispatchArg(step, instruction);
    case "ENV":
      return `ENV${dispatchEnv(step, instruction)}`;
    case "LABEL": {
      const pairs = expandPairs(step, instruction.pairs);
      const labels = mapOf(config, "Labels");
      for (const [key, value] of pairs) labels[key] = value;
      return `LABEL${pairs.map(([key, value]) => ` ${key}=${value}`).join("")}`;
    }
    case "MAINTAINER":
      stage.image.author = instruction.maintainer;
      return `MAINTAINER ${instruction.maintainer}`;
    case "ONBUILD":
      config.OnBuild = [...(config.OnBuild ?? []), instruction.expression];
      return undefined;
    case "CMD": {
      markUsed(step, "cmd");
      const words = commandWords(step, instruction.command);
      setWords(config, "Cmd", words);
      config.ArgsEscaped = true;
      return `CMD ${goQuotedList(words)}`;
    }
    case "ENTRYPOINT": {
      markUsed(step, "entrypoint");
      const words = commandWords(step, instruction.command);
      setWords(config, "Entrypoint", words);
      // The command of the base image was for another entry point.
      if (!stage.seenOnce.cmd) delete config.Cmd;
      return `ENTRYPOINT ${goQuotedList(words)}`;
    }
    case "HEALTHCHECK":
      markUsed(step, "healthcheck");
      config.Healthcheck = instruction.healthcheck;
      return `HEALTHCHECK ${healthText(instruction.healthcheck)}`;
    case "EXPOSE": {
      const words = instruction.ports.flatMap((port) => expand.quietly(port).words);
      const ports = exposedPorts(words, command.lines, linter);
      const exposed = mapOf(config, "ExposedPorts");
      for (const port of ports) exposed[port] = {};
      return `EXPOSE [${ports.join(" ")}]`;
    }
    case "USER": {
      const user = expand(instruction.user);
      stage.user = user;
      config.User = user;
      return `USER ${user}`;
    }
    case "VOLUME": {
      const volumes = instruction.volumes.map((volume) => expand(volume));
      if (volumes.includes("")) throw invalidArgument("VOLUME specified can not be an empty string");
      const all = mapOf(config, "Volumes");
      for (const volume of volumes) all[volume] = {};
      return `VOLUME [${volumes.join(" ")}]`;
    }
    case "STOPSIGNAL": {
      const signal = expand(instruction.signal);
      if (!isSignal(signal)) throw invalidArgument(`invalid signal: ${signal}`);
      config.StopSignal = signal;
      return `STOPSIGNAL ${signal}`;
    }
    case "SHELL":
      config.Shell = instruction.shell;
      return `SHELL [${instruction.shell.join(" ")}]`;
    default:
      throw invalidArgument(`unexpected instruction: ${instruction.kind}`);
  }
}

function dispatchEnv(step: Step, instruction: InstructionOf<"ENV">): string {
  const { stage, linter, command } = step;
  let text = "";
  for (const [key, value] of expandPairs(step, instruction.pairs)) {
    checkNoSecret("ENV", key, command.lines, linter);
    text += ` ${key}=${value}`;
    setEnv(stage, key, value);
    stage.imageEnv.set(key, value);
  }
  return text;
}

/** All are expanded before the first of them is set: `ENV a=1 b=$a` has the old `a`. */
function expandPairs(
  { expand, linter, command }: Step,
  pairs: readonly KeyValue[],
): [key: string, value: string][] {
  const expanded = pairs.map(({ key, value }): [string, string] => [expand(key), expand(value)]);
  for (const { isLegacy } of pairs)
    if (isLegacy) linter.run("LegacyKeyValueFormat", command.lines, command.instruction.name);
  return expanded;
}

function commandWords({ stage, linter, command }: Step, { form, argv }: CommandLine): string[] {
  if (form === "exec") return argv;
  if ((stage.image.config?.Shell ?? []).length === 0)
    linter.run("JSONArgsRecommended", command.lines, command.instruction.name);
  return withShell(stage.image, argv);
}

function setWords(config: ImageRuntimeConfig, key: "Cmd" | "Entrypoint", words: string[]): void {
  if (words.length > 0) config[key] = words;
  else delete config[key];
}

/** Only the last of these counts: the one before is told as the one that is ignored. */
function markUsed({ stage, linter, command }: Step, which: keyof SeenOnce): void {
  const earlier = stage.seenOnce[which];
  if (earlier) linter.run("MultipleInstructionsDisallowed", earlier, command.instruction.name);
  stage.seenOnce[which] = command.lines;
}

/** As Go prints the structure. */
function healthText(health: HealthcheckConfig): string {
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = health;
  const times = Object.entries({ Interval, Timeout, StartPeriod, StartInterval }).map(
    ([name, nanoseconds]) => `${name}:${durationText(nanoseconds)}`,
  );
  return `{Test:[${Test.join(" ")}] ${times.join(" ")} Retries:${Retries}}`;
}
