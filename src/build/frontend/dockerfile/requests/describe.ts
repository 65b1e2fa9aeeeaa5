import { alignedTable, goIndentedJson } from "../go-text.ts";
import { OUTLINE_REQUEST } from "./outline.ts";
import { TARGETS_REQUEST } from "./targets.ts";

export const DESCRIBE_REQUEST = {
  name: "frontend.subrequests.describe",
  version: "1.0.0",
  type: "rpc",
  description: "List available subrequest types",
  opts: null,
  inputs: null,
  metadata: [
    { name: "result.json", description: "" },
    { name: "result.txt", description: "" },
  ],
  refs: null,
};

/** Which requests there are. The linter's is not told of upstream either. */
export function describeResult(): Record<string, Buffer> {
  const all = [OUTLINE_REQUEST, TARGETS_REQUEST, DESCRIBE_REQUEST];
  const rows = all.map(({ name, version, description }) => [
    name.replace(/^frontend\./, ""),
    version,
    description,
  ]);
  return {
    "result.json": Buffer.from(goIndentedJson(all)),
    "result.txt": Buffer.from(alignedTable([["NAME", "VERSION", "DESCRIPTION"], ...rows], 1)),
    version: Buffer.from(DESCRIBE_REQUEST.version),
  };
}
