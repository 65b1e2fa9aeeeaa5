import { isAbsolute, join } from "node:path";
import { notImplemented } from "../../../base/index.ts";
import type { ProjectFiles } from "../environment/index.ts";
import type { Lookup } from "../interpolate/index.ts";
import type { TreeMap, TreePath } from "../tree/index.ts";
import type { Sources } from "./sources.ts";

/** One file of a project. */
export interface ConfigFile {
  /** Absolute, or `-` for standard input. */
  path: string;
  text?: string;
}

export interface LoadOptions {
  interpolate: boolean;
  resolvePaths: boolean;
}

/** What all files of one load share. */
export interface LoadContext {
  files: ProjectFiles;
  sources: Sources;
  options: LoadOptions;
  warn(message: string): void;
}

/** A group of files that are laid over each other, and where they stand: the project's, or those of one `include`. */
export interface FileGroup {
  files: readonly ConfigFile[];
  /** Relative paths start here. */
  workingDir: string;
  /** Files that are named in files are sought from here. */
  baseDir: string;
  environment: ReadonlyMap<string, string>;
  /** Of an included project: where it lies, as the including one sees it. */
  relativeDir?: string;
}

/** A file from which services of another extend. */
export interface ExtendedFile {
  tree: TreeMap;
  /** What it takes away of what its services extend themselves. */
  resets: readonly TreePath[];
}

export type LoadExtended = (context: LoadContext, path: string, lookup: Lookup) => ExtendedFile;
export type LoadGroup = (context: LoadContext, group: FileGroup, including: readonly string[]) => TreeMap;

export const lookupIn =
  (environment: ReadonlyMap<string, string>): Lookup =>
  (name) =>
    environment.get(name);

/** A path as it is named in a file below `base`. */
export function within(base: string, path: string): string {
  refuseRemote(path);
  return isAbsolute(path) ? path : join(base, path);
}

/** Files that lie elsewhere, in a repository or a registry. */
export function refuseRemote(path: string): void {
  if (!/^(?:https?|git|ssh|oci):\/\/|^git@/.test(path)) return;
  throw notImplemented(`remote Compose files are not implemented: ${path}`);
}

/** A directory as it is named from `base`, where it lies in it; else its whole path. */
export function relativeDirectory(base: string, directory: string): string {
  const prefix = base.endsWith("/") ? base : `${base}/`;
  if (directory === base) return ".";
  return directory.startsWith(prefix) ? directory.slice(prefix.length) : directory;
}
