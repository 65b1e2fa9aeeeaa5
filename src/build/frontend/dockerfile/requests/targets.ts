import type { Dockerfile } from "../../../../formats/index.ts";
import { alignedTable, goIndentedJson } from "../go-text.ts";
import { linesOf, type SourceMap } from "../source-map.ts";
import { jsonLocation } from "./json-location.ts";

export const TARGETS_REQUEST = {
  name: "frontend.targets",
  version: "1.0.0",
  type: "rpc",
  description: "List all targets current build supports",
  opts: [],
  inputs: null,
  metadata: [
    { name: "result.json", description: "" },
    { name: "result.txt", description: "" },
  ],
  refs: null,
};

/** Answer of `docker build --call=targets`: the stages. */
export function targetsResult(source: SourceMap, { stages }: Dockerfile): Record<string, Buffer> {
  const last = stages.length - 1;
  const targets = stages.map(({ name, from }, index) => ({
    ...(name === "" ? {} : { name }),
    ...(index === last ? { default: true } : {}),
    ...(from.description === "" ? {} : { description: from.description }),
    base: from.base,
    ...(from.platform === "" ? {} : { platform: from.platform }),
    location: jsonLocation(source.ranges(linesOf(from))),
  }));
  const rows = stages.map(({ name, from }, index) => {
    const isDefault = index === last;
    const shown = isDefault ? (name === "" ? "(default)" : `${name} (default)`) : name;
    return [shown, from.description];
  });
  const document = { targets, sources: [Buffer.from(source.info.data).toString("base64")] };
  return {
    "result.json": Buffer.from(goIndentedJson(document)),
    "result.txt": Buffer.from(alignedTable([["TARGET", "DESCRIPTION"], ...rows], 1)),
    version: Buffer.from(TARGETS_REQUEST.version),
  };
}
