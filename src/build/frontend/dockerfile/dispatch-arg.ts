import { type ArgDeclaration, expandWord, type InstructionOf } from "../../../formats/index.ts";
import { checkNoSecret, checkVariables } from "./lint/checks.ts";
import { type Step, setEnv } from "./step.ts";

/** These are for the builder and not for the commands. */
const BUILDER_ARGS = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** Declares arguments; returns how the history tells it. */
export function dispatchArg(step: Step, instruction: InstructionOf<"ARG">): string {
  const shown = instruction.args.map((arg) => {
    const value = declare(step, arg);
    return value === undefined ? arg.key : `${arg.key}=${value}`;
  });
  return `ARG ${shown.join(" ")}`;
}

function declare(step: Step, arg: ArgDeclaration): string | undefined {
  const { stage, conversion, command, linter } = step;
  const { key } = arg;
  checkNoSecret("ARG", key, command.lines, linter);
  const given = conversion.buildArgs[key];
  const inherited =
    given === undefined && arg.value === undefined ? conversion.globalArgs.get(key) : undefined;
  const value = inherited ?? given ?? (arg.value === undefined ? undefined : expandDefault(step, arg.value));
  if (value !== undefined && !BUILDER_ARGS.has(key)) setEnv(stage, key, value);
  if (inherited === undefined) {
    const { outline } = stage;
    outline.args.set(key, {
      key,
      value: value ?? "",
      description: arg.description ?? "",
      needs: new Set(),
      lines: command.lines,
    });
  }
  stage.outline.used.add(key);
  stage.buildArgs.set(key, value);
  return value;
}

/** Only where nobody has given a value: then the default need not make sense. */
function expandDefault({ stage, conversion, command, linter }: Step, text: string): string {
  const expansion = expandWord(text, stage.env, { escape: conversion.escapeChar });
  checkVariables(expansion.unset, stage.buildArgs, stage.env, command.lines, linter);
  return conversion.budget.text(expansion.text);
}
