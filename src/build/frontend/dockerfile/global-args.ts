import {
  expandWord,
  type InstructionOf,
  type Platform,
  platformId,
  type Variables,
} from "../../../formats/index.ts";
import type { OutlineArg } from "./outline.ts";
import { linesOf, type SourceMap } from "./source-map.ts";

/** Arguments that are there without anybody having declared them. `--build-arg` may change them. */
export function platformArgs(
  build: Platform,
  target: Platform,
  targetStage: string,
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const values: [string, string][] = [
    ["BUILDPLATFORM", platformId({ ...build, "os.version": "" })],
    ["BUILDOS", build.os],
    ["BUILDOSVERSION", build["os.version"] ?? ""],
    ["BUILDARCH", build.architecture],
    ["BUILDVARIANT", build.variant ?? ""],
    ["TARGETPLATFORM", platformId(target)],
    ["TARGETOS", target.os],
    ["TARGETOSVERSION", target["os.version"] ?? ""],
    ["TARGETARCH", target.architecture],
    ["TARGETVARIANT", target.variant ?? ""],
    ["TARGETSTAGE", targetStage === "" ? "default" : targetStage],
  ];
  return new Map(values.map(([key, value]) => [key, given[key] ?? value]));
}

/** The arguments that stand before the first FROM, added to those that are there anyway. */
export function metaArgs(
  declared: readonly InstructionOf<"ARG">[],
  predefined: Variables,
  given: Readonly<Record<string, string>>,
  { source, escapeChar }: { source: SourceMap; escapeChar: string },
): { values: Map<string, string>; outline: Map<string, OutlineArg> } {
  const values = new Map(predefined);
  const outline = new Map<string, OutlineArg>();
  for (const instruction of declared) {
    const lines = linesOf(instruction);
    for (const { key, value: written, description = "" } of instruction.args) {
      let needs = new Set<string>();
      let value = given[key];
      if (value === undefined && written !== undefined) {
        const expansion = source.at(lines, () => expandWord(written, values, { escape: escapeChar }));
        value = expansion.text;
        needs = expansion.used;
        if (needs.delete(key)) for (const need of outline.get(key)?.needs ?? []) needs.add(need);
      }
      if (value !== undefined) {
        values.delete(key);
        values.set(key, value);
      }
      outline.set(key, { key, value: value ?? "", description, needs, lines });
    }
  }
  return { values, outline };
}
