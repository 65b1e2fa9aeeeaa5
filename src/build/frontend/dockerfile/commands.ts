import { invalidArgument } from "../../../base/index.ts";
import { expandWord, type Instruction, mountSource, parseInstructions } from "../../../formats/index.ts";
import { type LineRange, linesOf } from "./source-map.ts";
import { Stage, type StageCommand } from "./stage.ts";
import type { StageList } from "./stage-list.ts";

const NOTHING = "scratch";
const NO_VARIABLES = new Map<string, string>();

/** Finds the stages that an instruction takes files of. */
export function toCommand(
  instruction: Instruction,
  stages: StageList,
  options: { escapeChar: string; isOnBuild?: boolean; lines?: LineRange },
): StageCommand {
  const lines = options.lines ?? linesOf(instruction);
  const sources =
    instruction.kind === "COPY" && instruction.from !== ""
      ? [copySource(instruction.from, stages, options.escapeChar, lines)]
      : instruction.kind === "RUN"
        ? mountSources(instruction.mounts, stages)
        : [];
  return { instruction, sources, isOnBuild: options.isOnBuild ?? false, lines };
}

/** Adds what a command needs to what its stage needs, and images to the list. */
export function addNeeds(stage: Stage, command: StageCommand, stages: StageList): void {
  for (const source of new Set(command.sources)) {
    stage.needs.set(source, command.instruction);
    if (source.isUnregistered) stages.add(source);
  }
}

/** The commands of ONBUILD triggers, which stand before the stage's own. */
export function triggerCommands(
  triggers: readonly string[],
  stage: Stage,
  stages: StageList,
  escapeChar: string,
): StageCommand[] {
  return triggers.map((trigger) => {
    const { instructions } = parseInstructions(trigger, "Dockerfile");
    if (instructions.length !== 1) throw invalidArgument("onbuild trigger should be a single expression");
    const lines = stage.lines ?? { start: 0, end: 0 };
    return toCommand(instructions[0]!, stages, { escapeChar, isOnBuild: true, lines });
  });
}

/** One for each mount. Those without a source share one of nothing, which counts as a stage in the names of operations. */
function mountSources(mounts: readonly string[], stages: StageList): Stage[] {
  const nothing = mounts.length > 0 ? stageOrImage(NOTHING, stages, undefined) : undefined;
  return mounts.map((mount) => {
    const from = mountSource(mount);
    return from === "" ? nothing! : stageOrImage(from, stages, undefined);
  });
}

function copySource(from: string, stages: StageList, escapeChar: string, lines: LineRange): Stage {
  if (expandWord(from, NO_VARIABLES, { escape: escapeChar }).text !== from) {
    throw invalidArgument(
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
    );
  }
  return /^[+-]?\d{1,9}$/.test(from) ? stages.byIndex(Number(from)) : stageOrImage(from, stages, lines);
}

function stageOrImage(name: string, stages: StageList, lines: LineRange | undefined): Stage {
  const known = stages.byName(name);
  if (known) return known;
  const image = new Stage({ name: "", baseName: name, lines });
  image.isUnregistered = true;
  return image;
}
