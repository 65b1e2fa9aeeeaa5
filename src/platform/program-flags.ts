import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { errorMessage, GantryError } from "../base/index.ts";
import type { PlatformOptions } from "../cli/index.ts";
import type { FlagTable, GivenFlags } from "../formats/index.ts";
import type { PlatformConfig } from "./config.ts";

/** What each program's flags stand under in a file. */
const PROGRAMS = ["apiServer", "controllerManager"] as const;
type Program = (typeof PROGRAMS)[number];

/**
 * The flags of one of upstream's programs at this start: those of the command line, then those of `--config`, then those of the
 * home's config.yaml. Where a flag stands twice, only the first of these counts. Throws InvalidArgument.
 */
export function programFlags(
  program: Program,
  table: FlagTable,
  options: Pick<PlatformOptions, "home" | "programFlags" | "configFile">,
  config: Pick<PlatformConfig, Program> | undefined,
): GivenFlags {
  const { home, configFile } = options;
  const kept = table.fromMapping(config?.[program], `${join(home, "config.yaml")}: ${program}`);
  const filed = configFile === undefined ? {} : readFile(configFile);
  const given = table.fromMapping(filed[program], `${configFile}: ${program}`);
  return {
    ...table.withAbsolutePaths(kept, home),
    ...(configFile === undefined ? {} : table.withAbsolutePaths(given, dirname(configFile))),
    ...options.programFlags[program],
  };
}

function readFile(path: string): { [program in Program]?: unknown } {
  let value: unknown;
  try {
    value = load(readFileSync(path, "utf8"));
  } catch (error) {
    throw refused(`${path} cannot be read: ${errorMessage(error).split("\n")[0]}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(`${path} is not a mapping`);
  const unknown = Object.keys(value).find((key) => !(PROGRAMS as readonly string[]).includes(key));
  if (unknown !== undefined) throw refused(`${path}: ${unknown} is not known`);
  return value;
}

function refused(message: string): GantryError {
  return new GantryError("InvalidArgument", message, {
    code: "Platform.Config",
    hint: "the file of --config has the flags of 'gantry up --help' under apiServer: and controllerManager:",
  });
}
