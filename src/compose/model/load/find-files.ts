import { dirname, join, resolve } from "node:path";
import { notFound } from "../../../base/index.ts";
import type { ProjectFiles } from "../environment/index.ts";
import { refuseRemote } from "./load-context.ts";

const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/** The project's files: those that are named, those of `COMPOSE_FILE`, or what lies in the directory or the nearest one above it. */
export function findConfigFiles(
  files: ProjectFiles,
  named: readonly string[],
  environment: ReadonlyMap<string, string>,
  directory: string,
  warn: (message: string) => void,
): string[] {
  const absolute = (path: string) => {
    refuseRemote(path);
    return path === "-" ? path : resolve(files.currentDirectory, path);
  };
  if (named.length > 0) return named.map(absolute);
  const fromEnvironment = environment.get("COMPOSE_FILE");
  if (fromEnvironment !== undefined) {
    const separator = environment.get("COMPOSE_PATH_SEPARATOR") || ":";
    return fromEnvironment.split(separator).map((path) => {
      const found = absolute(path);
      if (path !== "-" && files.kind(found) === undefined) {
        throw notFound(`stat ${found}: no such file or directory`);
      }
      return found;
    });
  }
  for (let at = directory; ; at = dirname(at)) {
    const present = (names: string[]) =>
      names.map((name) => join(at, name)).filter((path) => files.kind(path));
    const [main, ...others] = present(NAMES);
    if (main !== undefined) {
      if (others.length > 0) {
        warn(`Found multiple config files with supported names: ${[main, ...others].join(", ")}`);
        warn(`Using ${main}`);
      }
      const overrides = present(OVERRIDES);
      if (overrides.length > 1) {
        warn(`Found multiple override files with supported names: ${overrides.join(", ")}`);
        warn(`Using ${overrides[0]}`);
      }
      return [main, ...overrides.slice(0, 1)];
    }
    if (dirname(at) === at) return [];
  }
}
