import { closeSync, constants, fstatSync, readdirSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { type GantryError, notFound } from "../../base/index.ts";
import { compileGlob, hasWildcards } from "../../formats/index.ts";
import { fdPath, hasErrno, O_PATH, openAtRoot, readLinkAt } from "../../kernel/index.ts";

/** What a copy takes: a path in the source's tree. */
export interface Selected {
  /** As it was named (or matched): its last name is what it is called at the destination. */
  path: string;
  /** O_PATH descriptor; a link itself where links are not followed. */
  fd: number;
  stat: Stats;
  /** Where it is a link itself. */
  linkTarget?: string;
}

export interface Selector {
  /** Absolute or relative to the tree's root; a slash or `/.` at its end is kept. */
  src: string;
  followSymlink: boolean;
  allowWildcard: boolean;
  allowEmptyWildcard: boolean;
}

/**
 * Opens what a copy names, in the order of names; the caller closes it. Links above the last name are followed inside the tree, so that
 * nothing outside of it can be reached. NotFound, in BuildKit's words, where nothing is there.
 */
export function selectSources(rootFd: number, selector: Selector): Selected[] {
  const path = cleanPath(selector.src);
  const selected: Selected[] = [];
  try {
    for (const one of matchesOf(rootFd, path, selector))
      selected.push(open(rootFd, one, selector.followSymlink));
  } catch (error) {
    closeSelected(selected);
    throw error;
  }
  return selected;
}

export function closeSelected(selected: readonly Selected[]): void {
  for (const { fd } of selected) closeSync(fd);
}

/** Absolute, without what says nothing; what says that a directory is meant (`/`, `/.`) stays at its end. */
export function cleanPath(path: string): string {
  const clean = posix.join("/", path).replace(/(?<=.)\/+$/, "");
  if (path.endsWith("/.")) return clean === "/" ? "/." : `${clean}/.`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}

export function missingPath(path: string): GantryError {
  return notFound(`${JSON.stringify(path)}: not found`, { code: "Build.SourceMissing", details: { path } });
}

function matchesOf(rootFd: number, path: string, selector: Selector): string[] {
  if (!selector.allowWildcard || !hasWildcards(path)) return [unescaped(path, selector.allowWildcard)];
  const there = matchingPaths(rootFd, path);
  if (there.length === 0 && !selector.allowEmptyWildcard) throw missingPath(path);
  return there;
}

/** What is there by an absolute path with wildcards, in the order of names; links as such. */
export function matchingPaths(rootFd: number, path: string): string[] {
  let found = ["/"];
  for (const part of path.split("/").filter((one) => one !== "" && one !== ".")) {
    const glob = hasWildcards(part) ? compileGlob(part) : undefined;
    found = found.flatMap((directory) => {
      const names = glob
        ? namesIn(rootFd, directory).filter((name) => glob.matches(name))
        : [unescaped(part, true)];
      return names.map((name) => posix.join(directory, name));
    });
  }
  return found.filter((one) => exists(rootFd, one));
}

function unescaped(path: string, hasEscapes: boolean): string {
  return hasEscapes ? path.replace(/\\(.)/g, "$1") : path;
}

function namesIn(rootFd: number, directory: string): string[] {
  try {
    const fd = openAtRoot(rootFd, directory, O_PATH | constants.O_DIRECTORY);
    try {
      return readdirSync(fdPath(fd)).sort();
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function exists(rootFd: number, path: string): boolean {
  try {
    closeSync(openPath(rootFd, path, false));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function open(rootFd: number, path: string, followSymlink: boolean): Selected {
  try {
    const fd = openPath(rootFd, path, followSymlink);
    const stat = fstatSync(fd);
    return stat.isSymbolicLink()
      ? { path, fd, stat, linkTarget: linkTarget(rootFd, path) }
      : { path, fd, stat };
  } catch (error) {
    if (isMissing(error)) throw missingPath(path.replace(/\/\.?$/, "") || "/");
    throw error;
  }
}

function linkTarget(rootFd: number, path: string): string {
  const parent = openAtRoot(rootFd, posix.dirname(path), O_PATH | constants.O_DIRECTORY);
  try {
    return (readLinkAt(parent, posix.basename(path)) ?? "").toString();
  } finally {
    closeSync(parent);
  }
}

/** The last name's link is followed where that is wished, or where the path says that a directory is meant. */
export function openPath(rootFd: number, path: string, followSymlink: boolean): number {
  if (/\/\.?$/.test(path)) return openAtRoot(rootFd, path, O_PATH | constants.O_DIRECTORY);
  return openAtRoot(rootFd, path, followSymlink ? O_PATH : O_PATH | constants.O_NOFOLLOW);
}

export function isMissing(error: unknown): boolean {
  return hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP");
}
