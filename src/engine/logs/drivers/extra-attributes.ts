import { compileGoRegexp } from "../../../formats/index.ts";
import type { LogInfo } from "./types.ts";

/** Labels and variables that were asked for along with each line: by name, and by regular expression. */
export function extraAttributes(
  { options, labels, env }: LogInfo,
  nameOf = (name: string) => name,
): Record<string, string> {
  const variables = Object.fromEntries(
    env.filter((entry) => entry.includes("=")).map((entry) => splitAt(entry, entry.indexOf("="))),
  );
  return Object.fromEntries(
    [...chosen(labels, "labels"), ...chosen(variables, "env")].map(([name, value]) => [nameOf(name), value]),
  );

  function chosen(from: Readonly<Record<string, string>>, option: string): [string, string][] {
    const names = (options[option] ?? "").split(",");
    const pattern = options[`${option}-regex`];
    const matches = pattern ? compileGoRegexp(pattern) : undefined;
    return Object.entries(from).filter(([name]) => names.includes(name) || matches?.test(name));
  }
}

const splitAt = (text: string, at: number): [string, string] => [text.slice(0, at), text.slice(at + 1)];
