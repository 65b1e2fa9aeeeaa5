import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { errorMessage, GantryError } from "../base/index.ts";
import type { PlatformOptions } from "../cli/index.ts";
import { flagsOf, type GivenFlags, withAbsolutePaths } from "../kube/apiserver/index.ts";
import type { PlatformConfig } from "./config.ts";

/**
 * kube-apiserver's flags of this start: those of the command line, then those of `--config`, then those of the home's
 * config.yaml. Where a flag stands twice, only the first of these counts. Throws InvalidArgument.
 */
export function apiServerFlags(
  options: Pick<PlatformOptions, "home" | "apiServerFlags" | "configFile">,
  config: Pick<PlatformConfig, "apiServer"> | undefined,
): GivenFlags {
  const { home, configFile } = options;
  const kept = flagsOf(config?.apiServer, `${join(home, "config.yaml")}: apiServer`);
  const filed = configFile === undefined ? {} : readFile(configFile);
  return {
    ...withAbsolutePaths(kept, home),
    ...(configFile === undefined ? {} : withAbsolutePaths(filed, dirname(configFile))),
    ...options.apiServerFlags,
  };
}

function readFile(path: string): GivenFlags {
  let value: unknown;
  try {
    value = load(readFileSync(path, "utf8"));
  } catch (error) {
    throw refused(`${path} cannot be read: ${errorMessage(error).split("\n")[0]}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused(`${path} is not a mapping`);
  const { apiServer, ...others } = value as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`${path}: ${unknown} is not known`);
  return flagsOf(apiServer, `${path}: apiServer`);
}

function refused(message: string): GantryError {
  return new GantryError("InvalidArgument", message, {
    code: "Platform.Config",
    hint: "the file of --config has the flags of 'gantry up --help' under apiServer:",
  });
}
