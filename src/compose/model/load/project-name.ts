import { basename } from "node:path";
import { invalidArgument } from "../../../base/index.ts";
import type { ProjectFiles } from "../environment/index.ts";
import { interpolate } from "../interpolate/index.ts";
import { isMap, newMap } from "../tree/index.ts";
import { parseYaml } from "../yaml/index.ts";
import { type ConfigFile, lookupIn } from "./load-context.ts";

/** Lower case letters, digits, `-` and `_`, of which the last two do not begin it. */
export function normalizeProjectName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}

export function checkProjectName(name: string): string {
  if (normalizeProjectName(name) === name) return name;
  throw invalidArgument(
    `invalid project name ${JSON.stringify(name)}: must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number`,
  );
}

export interface NameSources {
  /** `--project-name`. */
  option: string | undefined;
  environment: ReadonlyMap<string, string>;
  files: readonly ConfigFile[];
  workingDir: string;
}

/** `-p`, else `COMPOSE_PROJECT_NAME`, else `name` of a file, the last that has one, else the directory's name. */
export function projectName(
  { option, environment, files, workingDir }: NameSources,
  machine: ProjectFiles,
  warn: (message: string) => void,
): string {
  const chosen = option || environment.get("COMPOSE_PROJECT_NAME");
  if (chosen) return checkProjectName(chosen);
  const named = files.map(nameIn).findLast((name) => name !== undefined);
  if (named !== undefined) {
    const { name } = interpolate(newMap([["name", named]]), lookupIn(environment), warn);
    return normalizeProjectName(String(name));
  }
  const directory = basename(workingDir);
  if (basename(machine.realPath(workingDir)) !== directory) {
    warn(
      `project has been loaded without an explicit name from a symlink. Using name ${JSON.stringify(directory)}`,
    );
  }
  return normalizeProjectName(directory);
}

function nameIn(file: ConfigFile): string | undefined {
  try {
    const names = parseYaml(file.text ?? "", file.path)
      .map(({ tree }) => (isMap(tree) ? tree.name : undefined))
      .filter((name) => typeof name === "string" && name !== "");
    return names.at(-1) as string | undefined;
  } catch {
    // What is wrong with the file is told when it is read for what it says.
    return undefined;
  }
}
