import { DockerfileError, dockerfileError, syntaxError } from "./errors.ts";
import { parseInstruction } from "./instruction.ts";
import { type RawInstruction, readInstructions } from "./lines.ts";
import type { Dockerfile, DockerfileStage, DockerfileWarning, Instruction, InstructionOf } from "./types.ts";

/** Files beyond this are no Dockerfiles. */
const MAX_DOCKERFILE_BYTES = 2 * 1024 * 1024;

export interface ParseOptions {
  /** Called when the text has been taken apart. */
  onText?: (warnings: readonly DockerfileWarning[]) => void;
  /** Called for each instruction, before the next one is understood. */
  onInstruction?: (instruction: Instruction) => void;
}

/**
 * Reads a Dockerfile into stages of instructions (Dockerfile reference, syntax 1; no substitution yet). Fails with
 * InvalidArgument that names line and instruction; `file` is the name shown in it.
 */
export function parseDockerfile(text: string, file = "Dockerfile", options: ParseOptions = {}): Dockerfile {
  if (text.length > MAX_DOCKERFILE_BYTES) {
    throw fail(`more than ${MAX_DOCKERFILE_BYTES} bytes`, file, 1);
  }
  const { instructions, escapeChar, syntax, check, warnings } = readInstructions(text, file);
  const parsed = instructions.map((raw) => tryParse(raw, escapeChar, file));
  // A text that cannot be taken apart is told before what instructions mean.
  for (const one of parsed) if ("error" in one && isOfText(one.error)) throw one.error;
  options.onText?.(warnings);
  const metaArgs: InstructionOf<"ARG">[] = [];
  const stages: DockerfileStage[] = [];
  for (const one of parsed) {
    if ("error" in one) throw one.error;
    const { instruction } = one;
    options.onInstruction?.(instruction);
    const stage = stages.at(-1);
    if (instruction.kind === "FROM") {
      stages.push({ from: instruction, name: instruction.stageName, instructions: [] });
    } else if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === "ARG") metaArgs.push(instruction);
    else throw fail("no build stage in current context", file, instruction.line, instruction.endLine);
  }
  if (stages.length === 0) {
    throw dockerfileError(syntaxError("no build stage in current context"), {
      file,
      line: instructions.at(-1)!.line,
      plainMessage: "dockerfile contains no stages to build",
    });
  }
  return { escapeChar, syntax, check, metaArgs, stages, warnings };
}

type Parsed = { instruction: Instruction } | { error: unknown };

function tryParse(raw: RawInstruction, escapeChar: string, file: string): Parsed {
  try {
    return { instruction: parseLocated(raw, escapeChar, file) };
  } catch (error) {
    return { error };
  }
}

function isOfText(error: unknown): boolean {
  return error instanceof DockerfileError && error.isOfText;
}

/** Reads instructions that stand outside a Dockerfile: ONBUILD triggers and `docker commit --change`. */
export function parseInstructions(
  text: string,
  file: string,
): { escapeChar: string; instructions: Instruction[] } {
  const { instructions, escapeChar } = readInstructions(text, file);
  return { escapeChar, instructions: instructions.map((raw) => parseLocated(raw, escapeChar, file)) };
}

function parseLocated(raw: RawInstruction, escapeChar: string, file: string): Instruction {
  try {
    return parseInstruction(raw, escapeChar);
  } catch (error) {
    throw dockerfileError(error, { file, line: raw.line, endLine: raw.endLine, isInstruction: true });
  }
}

function fail(message: string, file: string, line: number, endLine = line): unknown {
  return dockerfileError(syntaxError(message), { file, line, endLine });
}
