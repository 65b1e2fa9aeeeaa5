import { SECRET_VALUE } from "../environment/index.ts";
import { isMap, type TreeMap } from "../tree/index.ts";

/** Fills in what a tree takes from the project's variables by name: entries of `environment`, configurations and secrets. */
export function resolveEnvironment(tree: TreeMap, environment: ReadonlyMap<string, string>): void {
  for (const service of mapsIn(tree.services)) {
    if (!Array.isArray(service.environment)) continue;
    service.environment = service.environment
      .filter((entry) => typeof entry === "string")
      .map((entry) => (environment.has(entry) ? `${entry}=${environment.get(entry)}` : entry));
  }
  for (const secret of mapsIn(tree.secrets)) {
    const value = typeof secret.environment === "string" ? environment.get(secret.environment) : undefined;
    if (value !== undefined) secret[SECRET_VALUE] = value;
  }
  for (const config of mapsIn(tree.configs)) {
    const value = typeof config.environment === "string" ? environment.get(config.environment) : undefined;
    if (value !== undefined) config.content = value;
  }
}

const mapsIn = (section: TreeMap[string] | undefined): TreeMap[] =>
  isMap(section) ? Object.values(section).filter(isMap) : [];
