import {
  type Dockerfile,
  type DockerfileStage,
  type Expansion,
  expandWord,
  type Instruction,
  normalizePlatform,
  type Platform,
  parsePlatform,
  platformId,
  tryParseImageReference,
  type Variables,
} from "../../../../formats/index.ts";
import { isSecretName } from "../../../secret-names.ts";
import { type LineRange, linesOf } from "../source-map.ts";
import type { Linter } from "./linter.ts";

/** Checks that look at the text alone. */
const RESERVED_NAMES = new Set(["context", "scratch"]);
/** They are read by the builder and are no variables of a stage. */
const BUILDER_ARGS = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

/** What can be said of one instruction as soon as it is read. */
export function checkInstruction(instruction: Instruction, all: Linter): void {
  const linter = all.withComments(instruction.comments);
  const lines = linesOf(instruction);
  if (instruction.kind === "MAINTAINER") linter.run("MaintainerDeprecated", lines);
  else if (instruction.kind === "ARG") {
    const keys = instruction.args.map(({ key }) => key);
    checkDescription("ARG", keys, instruction.comments, lines, linter);
  } else if (instruction.kind === "FROM" && instruction.alias) {
    const { keyword, name } = instruction.alias;
    if (name !== name.toLowerCase()) linter.run("StageNameCasing", lines, name);
    if (!hasCaseOf(keyword, instruction.name)) linter.run("FromAsCasing", lines, instruction.name, keyword);
    checkDescription("FROM", [instruction.stageName], instruction.comments, lines, linter);
  }
}

function hasCaseOf(word: string, model: string): boolean {
  if (model === model.toLowerCase()) return word === word.toLowerCase();
  return model !== model.toUpperCase() || word === word.toUpperCase();
}

function checkDescription(
  instruction: string,
  names: readonly string[],
  comments: readonly string[],
  lines: LineRange,
  linter: Linter,
): void {
  if (comments.length === 0 || names.length === 0) return;
  if (names.includes(comments.at(-1)!.split(" ")[0]!)) return;
  linter.run("InvalidDefinitionDescription", lines, instruction, names.length > 1 ? "<arg_key>" : names[0]!);
}

export function checkStageNames(stages: readonly DockerfileStage[], linter: Linter): void {
  const seen = new Set<string>();
  for (const { name, from } of stages) {
    if (name === "") continue;
    if (RESERVED_NAMES.has(name)) linter.run("ReservedStageName", linesOf(from), name);
    if (seen.has(name)) linter.run("DuplicateStageName", linesOf(from), name);
    seen.add(name);
  }
}

/** Instructions are written as most of them are: all in capitals, or all without. */
export function checkCasing(stages: readonly DockerfileStage[], linter: Linter): void {
  const all = stages.flatMap((stage) => [stage.from, ...stage.instructions]);
  let balance = 0;
  for (const { name } of all) {
    if (name === name.toLowerCase()) balance++;
    else if (name === name.toUpperCase()) balance--;
  }
  for (const instruction of all) {
    const { name } = instruction;
    const wanted = balance > 0 ? name.toLowerCase() : name.toUpperCase();
    if (name !== wanted)
      linter.run(
        "ConsistentInstructionCasing",
        linesOf(instruction),
        name,
        balance > 0 ? "lowercase" : "uppercase",
      );
  }
}

/** Base images are valid without any `--build-arg` too. `defaults` are the arguments then. */
export function checkDefaultBases(
  { stages, escapeChar }: Dockerfile,
  defaults: Variables,
  linter: Linter,
): void {
  for (const { from } of stages) {
    let base: string;
    try {
      base = expandWord(from.base, defaults, { escape: escapeChar }).text;
    } catch {
      // It fails again, and is told, where it counts.
      return;
    }
    if (!tryParseImageReference(base)) linter.run("InvalidDefaultArgInFrom", linesOf(from), from.base);
  }
}

export function checkFromArgs(
  unset: ReadonlySet<string>,
  known: ReadonlySet<string>,
  lines: LineRange,
  linter: Linter,
): void {
  for (const name of unset)
    if (!known.has(name)) linter.run("UndefinedArgInFrom", lines, name, linter.meant(name, known));
}

export function checkFromPlatform(
  stage: { name: string; platform: string; lines: LineRange },
  expansion: Expansion,
  args: Variables,
  linter: Linter,
): void {
  const { used, unset, text } = expansion;
  if (used.size === 1 && unset.size === 0 && used.has("TARGETPLATFORM")) {
    if (text === args.get("TARGETPLATFORM"))
      linter.run("RedundantTargetPlatform", stage.lines, stage.platform);
  } else if (used.size === 0 && unset.size === 0) {
    const platform = tryPlatform(text);
    if (!platform) return;
    // A stage that is named after its platform is meant to be of that one.
    if (stage.name.includes(platform.os) || stage.name.includes(platform.architecture)) return;
    linter.run("FromPlatformFlagConstDisallowed", stage.lines, text);
  }
}

function tryPlatform(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch {
    return undefined;
  }
}

export function checkBasePlatform(
  name: string,
  expected: Platform,
  actual: Platform,
  lines: LineRange | undefined,
  linter: Linter,
): void {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return;
  const shown = (platform: Platform) => platformId(normalizePlatform(platform));
  linter.run("InvalidBaseImagePlatform", lines, name, shown(expected), shown(actual));
}

/** `declared` are names that ARG has declared, be it without a value. */
export function checkVariables(
  unset: ReadonlySet<string>,
  declared: { has(name: string): boolean },
  env: Variables,
  lines: LineRange,
  linter: Linter,
): void {
  for (const name of unset) {
    if (declared.has(name) || BUILDER_ARGS.has(name)) continue;
    linter.run("UndefinedVar", lines, name, linter.meant(name, env));
  }
}

export function checkNoSecret(
  instruction: "ARG" | "ENV",
  key: string,
  lines: LineRange,
  linter: Linter,
): void {
  if (isSecretName(key)) linter.run("SecretsUsedInArgOrEnv", lines, instruction, key);
}
