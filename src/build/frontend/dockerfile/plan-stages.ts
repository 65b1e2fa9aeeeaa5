import { invalidArgument } from "../../../base/index.ts";
import {
  type Dockerfile,
  type DockerfileStage,
  expandWord,
  type Platform,
  parsePlatform,
  suggestion,
} from "../../../formats/index.ts";
import { addNeeds, toCommand } from "./commands.ts";
import { type Conversion, followPathsOf } from "./conversion.ts";
import { checkFromArgs, checkFromPlatform } from "./lint/checks.ts";
import { ignoresCache } from "./options.ts";
import { Outline } from "./outline.ts";
import { linesOf } from "./source-map.ts";
import { Stage } from "./stage.ts";

/** Instructions that make files. */
const WITH_FILES = new Set(["ADD", "COPY", "RUN", "WORKDIR"]);

/** Makes the list of stages: on what each is built, and what its instructions need. Returns the target. */
export function planStages(conversion: Conversion, dockerfile: Dockerfile, outline: Outline): Stage {
  const { stages, options, escapeChar, source } = conversion;
  const known = new Set([...outline.args.keys(), ...conversion.globalArgs.keys()]);
  for (const [index, parsed] of dockerfile.stages.entries()) {
    const lines = linesOf(parsed.from);
    conversion.budget.entries(outline.args.size);
    source.at(lines, () => addStage(conversion, parsed, { index, outline, known }));
  }
  const target = findTarget(conversion);
  for (const [index, { instructions }] of dockerfile.stages.entries()) {
    const stage = stages.all[index]!;
    if (stage.namedContext) continue;
    for (const instruction of instructions) {
      const command = source.at(linesOf(instruction), () => toCommand(instruction, stages, { escapeChar }));
      stage.commands.push(command);
      addNeeds(stage, command, stages);
    }
  }
  assertNoCircle(conversion);
  if (stages.all.length === 1) stages.all[0]!.shownName = "";
  if (options.noCache)
    for (const stage of stages.all) if (stage.from) stage.ignoresCache = ignoresCache(options, stage.name);
  return target;
}

interface StagePlace {
  index: number;
  outline: Outline;
  /** Arguments that FROM may use. */
  known: ReadonlySet<string>;
}

function addStage(
  conversion: Conversion,
  parsed: DockerfileStage,
  { index, outline, known }: StagePlace,
): void {
  const { stages, escapeChar, globalArgs } = conversion;
  const { from, name } = parsed;
  const lines = linesOf(from);
  const linter = conversion.linter.withComments(from.comments);
  const base = expandWord(from.base, globalArgs, { escape: escapeChar });
  checkFromArgs(base.unset, known, lines, linter);
  if (base.text === "") throw invalidArgument(`base name (${from.base}) should not be blank`);
  const stage = new Stage({ name, baseName: base.text, lines, from }, new Outline(outline));
  const used = new Set(base.used);
  if (from.platform !== "") {
    const expansion = expandWord(from.platform, globalArgs, { escape: escapeChar });
    checkFromArgs(expansion.unset, known, lines, linter);
    checkFromPlatform({ name, platform: from.platform, lines }, expansion, globalArgs, linter);
    stage.platform = stagePlatform(from.platform, expansion.text, expansion.unset, globalArgs.keys());
    for (const key of expansion.used) used.add(key);
  }
  if (name === "") stage.shownName = `stage-${index}`;
  else stage.namedContext = findContext(conversion, name, stage);
  stages.add(stage);
  if (stage.namedContext) {
    stage.base = undefined;
    return;
  }
  // What the stage below can be given can be given to this one too.
  for (const key of used) stage.outline.used.add(key);
  const ownBase = stage.baseName !== "scratch" && !stage.base ? 1 : 0;
  stage.commandTotal = ownBase + parsed.instructions.filter(({ kind }) => WITH_FILES.has(kind)).length;
}

/** A context that the client has given in the place of a stage or an image. */
export function findContext(conversion: Conversion, name: string, stage: Stage) {
  return conversion.namedContexts.find(name, {
    platform: stage.platform ?? conversion.targetPlatform,
    resolveMode: conversion.options.resolveMode,
    followPaths: () => followPathsOf(stage.paths),
    finally: conversion.finally,
  });
}

function stagePlatform(
  written: string,
  text: string,
  unset: ReadonlySet<string>,
  known: Iterable<string>,
): Platform {
  const names = [...known];
  const meant = [...unset].map((name) => suggestion(name, names)).find((one) => one !== "") ?? "";
  if (text === "") throw invalidArgument(`empty platform value from expression ${written}${meant}`);
  try {
    return parsePlatform(text);
  } catch (error) {
    throw invalidArgument(`failed to parse platform ${written}: ${(error as Error).message}${meant}`, {
      cause: error,
    });
  }
}

function findTarget({ stages, options }: Conversion): Stage {
  if (options.target === "") return stages.all.at(-1)!;
  const target = stages.byName(options.target);
  if (target) return target;
  const meant = suggestion(options.target, stages.names());
  throw invalidArgument(`target stage ${JSON.stringify(options.target)} could not be found${meant}`, {
    code: "Dockerfile.Target",
    details: { target: options.target },
  });
}

/** A stage that needs itself can only come of COPY and mounts: FROM knows earlier stages alone. */
function assertNoCircle({ stages, source }: Conversion): void {
  const finished = new Set<Stage>();
  for (const start of stages.all) {
    const path: { stage: Stage; needs: Stage[] }[] = [{ stage: start, needs: [...start.needs.keys()] }];
    const open = new Set([start]);
    if (finished.has(start)) continue;
    while (path.length > 0) {
      const { stage, needs } = path.at(-1)!;
      const need = needs.pop();
      if (!need) {
        path.pop();
        open.delete(stage);
        finished.add(stage);
      } else if (open.has(need)) {
        const error = invalidArgument(`circular dependency detected on stage: ${start.shownName}`, {
          code: "Dockerfile.Circle",
        });
        throw source.locate(error, linesOf(stage.needs.get(need)!));
      } else if (!finished.has(need)) {
        open.add(need);
        path.push({ stage: need, needs: [...need.needs.keys()] });
      }
    }
  }
}
