import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProjectFiles } from "../../src/compose/index.ts";

export const CASES = fileURLToPath(new URL("./cases", import.meta.url));
/** Where the plugin saw the cases: paths and hashes depend on it. */
export const RECORDED_AT = "/tmp/gantry-compose-cases";
/** What the plugin was told of the machine. */
export const RECORDED_VARIABLES = { HOME: "/home/somebody", PATH: "/usr/bin:/bin" };

/** Projects as people write them, each with what the plugin made of it. */
export interface ComposeCase {
  name: string;
  directory: string;
  /** Options before the command, and services after it. */
  args: string[];
  services: string[];
  /** `config` as YAML, or what the plugin refused it with. */
  config: string | undefined;
  error: string | undefined;
  /** What we say where the plugin's own words name no place or the wrong thing. */
  ownError: string | undefined;
  /** `config --hash '*'`. */
  hashes: string | undefined;
}

export function readCases(): ComposeCase[] {
  return readdirSync(CASES).map((name) => {
    const directory = join(CASES, name);
    const text = (file: string) =>
      existsSync(join(directory, file)) ? readFileSync(join(directory, file), "utf8") : undefined;
    const words = (file: string) => text(file)?.split(/\s+/).filter(Boolean) ?? [];
    return {
      name,
      directory,
      args: words("args"),
      services: words("services"),
      config: text("expected.yaml"),
      error: text("expected.error"),
      ownError: text("expected.ours"),
      hashes: text("expected.hashes"),
    };
  });
}

/** The files of a case as if they lay where the plugin saw them. */
export function caseFiles({ name, directory }: ComposeCase): ProjectFiles {
  const root = join(RECORDED_AT, name);
  const real = (path: string) => {
    const inside = relative(root, path);
    return inside.startsWith("..") ? undefined : join(directory, inside);
  };
  const kind = (path: string) => {
    const place = real(path);
    const found = place === undefined ? undefined : statSync(place, { throwIfNoEntry: false });
    return found && (found.isDirectory() ? ("directory" as const) : ("file" as const));
  };
  return {
    currentDirectory: root,
    homeDirectory: RECORDED_VARIABLES.HOME,
    read: (path) => (kind(path) === "file" ? readFileSync(real(path)!, "utf8") : undefined),
    kind,
    realPath: (path) => path,
    readInput: () => "",
  };
}
