import { GantryError, invalidArgument, notFound } from "../../../base/index.ts";
import type { Lookup } from "../interpolate/index.ts";
import { parseEnvFile } from "./parse-env-file.ts";
import type { ProjectFiles } from "./project-files.ts";

/** The variables of `.env` files (absolute paths), the later file over the earlier; `current` wins where files ask for a variable. */
export function readDotEnvFiles(
  files: ProjectFiles,
  paths: readonly string[],
  current: ReadonlyMap<string, string>,
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const path of paths) {
    const kind = files.kind(path);
    if (kind === undefined) throw notFound(`couldn't find env file: ${path}`);
    if (kind === "directory") throw invalidArgument(`${path} is a directory`);
    const lookup: Lookup = (name) => current.get(name) ?? variables.get(name);
    inFile(path, () => parseEnvFile(files.read(path) ?? "", variables, lookup));
  }
  return variables;
}

/** Names the file in what its parser throws. */
export function inFile(path: string, parse: () => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    throw invalidArgument(`failed to read ${path}: ${error.message}`);
  }
}
