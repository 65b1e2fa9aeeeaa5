import { readdirSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";
import { errnoCode } from "../../base/index.ts";
import { compileGlob, hasWildcards } from "../../formats/index.ts";

/** Links in a circle end here, as they do for the kernel. */
const MAX_LINKS = 40;

/**
 * Paths below a directory together with what the links on their way lead to (tonistiigi/fsutil, FollowLinks): who copies `link/file`
 * needs the link and the file. Undefined where everything is meant.
 */
export function followLinks(root: string, paths: readonly string[]): string[] | undefined {
  const found = new Set<string>();
  for (const path of paths) follow(root, relative(path), found, 0);
  const sorted = [...found].sort();
  if (sorted.includes(".")) return undefined;
  return sorted.filter((path) => !sorted.some((other) => path.startsWith(`${other}/`)));
}

function follow(root: string, path: string, found: Set<string>, depth: number): void {
  if (depth > MAX_LINKS) return;
  const names = path.split("/");
  for (let at = 1; at <= names.length; at++) {
    const current = names.slice(0, at).join("/");
    const rest = names.slice(at).join("/");
    const targets = targetsOf(root, current);
    if (targets.length > 0) {
      found.add(current);
      for (const target of targets) follow(root, relative(`${target}/${rest}`), found, depth + 1);
      return;
    }
  }
  found.add(path);
}

/** Where a link leads to, or the links among the names that a pattern matches. */
function targetsOf(root: string, path: string): string[] {
  const name = posix.basename(path);
  if (!hasWildcards(name)) return targetOf(root, path);
  const parent = posix.dirname(path);
  const glob = compileGlob(name);
  return namesIn(join(root, parent))
    .filter((one) => glob.matches(one))
    .flatMap((one) => targetOf(root, posix.join(parent, one)));
}

function targetOf(root: string, path: string): string[] {
  try {
    const target = readlinkSync(join(root, path));
    return [posix.isAbsolute(target) ? target : posix.join("/", posix.dirname(path), target)];
  } catch (error) {
    if (["EINVAL", "ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) return [];
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) return [];
    throw error;
  }
}

/** Without a way out: `..` of the root is the root. */
function relative(path: string): string {
  return posix.join("/", path).slice(1).replace(/\/$/, "") || ".";
}
