import { alignedTable, goIndentedJson } from "../go-text.ts";
import type { LineRange, SourceMap } from "../source-map.ts";
import type { Stage } from "../stage.ts";
import { reachableFrom } from "../stage-list.ts";
import { jsonLocation } from "./json-location.ts";

export const OUTLINE_REQUEST = {
  name: "frontend.outline",
  version: "1.0.0",
  type: "rpc",
  description: "List all parameters current build target supports",
  opts: [{ name: "target", description: "Target build stage" }],
  inputs: null,
  metadata: [
    { name: "result.json", description: "" },
    { name: "result.txt", description: "" },
  ],
  refs: null,
};

interface Named {
  name: string;
  lines: LineRange | undefined;
}

interface Arg extends Named {
  value: string;
  description: string;
}

interface Secret extends Named {
  isRequired: boolean;
}

/** Answer of `docker build --call=outline`: what can be given to the target. */
export function outlineResult(source: SourceMap, target: Stage): Record<string, Buffer> {
  const stages = [...reachableFrom(target)];
  const args = argsOf(stages);
  const secrets = secretsOf(stages, "secrets");
  const ssh = secretsOf(stages, "ssh");
  const description = target.from?.description ?? "";
  const document = {
    ...(target.name === "" ? {} : { name: target.name }),
    ...(description === "" ? {} : { description }),
    ...list(
      "args",
      args.map((arg) => argJson(arg, source)),
    ),
    ...list(
      "secrets",
      secrets.map((secret) => secretJson(secret, source)),
    ),
    ...list(
      "ssh",
      ssh.map((agent) => secretJson(agent, source)),
    ),
    sources: [Buffer.from(source.info.data).toString("base64")],
  };
  return {
    "result.json": Buffer.from(goIndentedJson(document)),
    "result.txt": Buffer.from(outlineText(target.name, description, { args, secrets, ssh })),
    version: Buffer.from(OUTLINE_REQUEST.version),
  };
}

function argsOf(stages: readonly Stage[]): Arg[] {
  const found = new Map<string, Arg>();
  for (const { outline } of stages) {
    for (const key of outline.allUsed()) {
      const arg = outline.args.get(key);
      if (!arg || found.has(key)) continue;
      const { value, description, lines } = arg;
      found.set(key, { name: key, value, description, lines });
    }
  }
  return byLine([...found.values()]);
}

function secretsOf(stages: readonly Stage[], kind: "secrets" | "ssh"): Secret[] {
  const found = new Map<string, Secret>();
  for (const { outline } of stages)
    for (const [name, secret] of outline[kind]) if (!found.has(name)) found.set(name, { name, ...secret });
  return byLine([...found.values()]);
}

function byLine<T extends Named>(all: T[]): T[] {
  return all.sort((a, b) => (a.lines?.start ?? 0) - (b.lines?.start ?? 0));
}

const list = (key: string, all: readonly object[]) => (all.length > 0 ? { [key]: all } : {});
const placeOf = (lines: LineRange | undefined, source: SourceMap) =>
  lines ? { location: jsonLocation(source.ranges(lines)) } : {};

function argJson({ name, description, value, lines }: Arg, source: SourceMap) {
  return {
    name,
    ...(description === "" ? {} : { description }),
    ...(value === "" ? {} : { value }),
    ...placeOf(lines, source),
  };
}

function secretJson({ name, isRequired, lines }: Secret, source: SourceMap) {
  return { name, ...(isRequired ? { required: true } : {}), ...placeOf(lines, source) };
}

function outlineText(
  name: string,
  description: string,
  { args, secrets, ssh }: { args: Arg[]; secrets: Secret[]; ssh: Secret[] },
): string {
  let text = "";
  if (name !== "" || description !== "") {
    const rows = [["TARGET:", name === "" ? "(default)" : name]];
    if (description !== "") rows.push(["DESCRIPTION:", description]);
    text += `${alignedTable(rows, 1)}\n`;
  }
  if (args.length > 0) {
    const rows = args.map((arg) => [arg.name, arg.value, arg.description]);
    text += `${alignedTable([["BUILD ARG", "VALUE", "DESCRIPTION"], ...rows], 3)}\n`;
  }
  return text + requirementsText("SECRET", secrets) + requirementsText("SSH", ssh);
}

function requirementsText(title: string, all: readonly Secret[]): string {
  if (all.length === 0) return "";
  const rows = all.map(({ name, isRequired }) => [name, isRequired ? "true" : ""]);
  return `${alignedTable([[title, "REQUIRED"], ...rows], 3)}\n`;
}
