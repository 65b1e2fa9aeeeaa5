import { type ExpandOptions, type Expansion, expandWord } from "../../../formats/index.ts";
import type { Conversion } from "./conversion.ts";
import { checkVariables } from "./lint/checks.ts";
import type { Linter } from "./lint/linter.ts";
import type { Stage, StageCommand } from "./stage.ts";

/** Puts variables into the words of one instruction; what is not defined is told. */
export interface InstructionExpander {
  (text: string): string;
  /** The text of a here-document: quotes stay, and a backslash escapes. */
  raw(text: string): string;
  /** Without telling; the words of the result too. */
  quietly(text: string): Expansion;
}

export function instructionExpander(
  conversion: Conversion,
  stage: Stage,
  command: StageCommand,
  linter: Linter,
): InstructionExpander {
  const run = (text: string, options: ExpandOptions): Expansion => {
    const expansion = expandWord(text, stage.env, options);
    conversion.budget.text(expansion.text);
    checkVariables(expansion.unset, stage.buildArgs, stage.env, command.lines, linter);
    return expansion;
  };
  const options = { escape: conversion.escapeChar };
  return Object.assign((text: string) => run(text, options).text, {
    raw: (text: string) => run(text, { escape: "\\", ignoreQuotes: true }).text,
    quietly: (text: string) => expandWord(text, stage.env, options),
  });
}
