import { readFileSync } from "node:fs";
import {
  allObjects,
  type ClusterProject,
  convertProject,
  emitYaml,
  type Project,
  type YamlOut,
} from "../../compose/index.ts";
import type { ComposeCall } from "./compose-call.ts";
import { usage } from "./flags.ts";
import type { Verb } from "./verb.ts";

export const convert: Verb = {
  summary: "Print a project as objects of the cluster",
  usage: ["[OPTIONS] [SERVICE...]"],
  details: "What the cluster has no word for is told on standard error, line by line.",
  flags: { format: { type: "text", default: "yaml", help: "Format the output. Values: [yaml | json]" } },
  async run(call) {
    const format = call.flags.text("format");
    if (format !== "yaml" && format !== "json") throw usage(`unsupported format ${JSON.stringify(format)}`);
    const converted = convertFor(call, call.runnable(call.args));
    for (const sentence of converted.told) call.warn(sentence);
    // What is undefined is not said.
    const objects = JSON.parse(JSON.stringify(allObjects(converted))) as { [key: string]: YamlOut }[];
    const text =
      format === "json"
        ? `${JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2)}\n`
        : objects.map((object) => emitYaml(object)).join("---\n");
    call.terminal.print(text);
    return 0;
  },
};

/** A project as what it is on the cluster. */
export function convertFor(call: ComposeCall, project: Project): ClusterProject {
  return convertProject(project, {
    readFile: (path) => readFileSync(path),
    separator: call.globals.flag("compatibility") ? "_" : "-",
  });
}
