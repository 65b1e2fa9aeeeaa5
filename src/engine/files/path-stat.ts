import { closeSync, fstatSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { hasErrno, O_PATH, openAtRoot, resolveInRoot } from "../../kernel/index.ts";
import type { MountedRoot } from "../../runtime/index.ts";
import { withContainerRoot } from "../containers/container-root.ts";
import type { EngineContext } from "../context.ts";
import { fileNotInContainer, invalidRequest } from "../errors.ts";
import type { PathStat } from "../types.ts";

const O_NOFOLLOW = 0o400000;

/** The path in the container, absolute and clean; a slash or `/.` at its end, which asks for the directory, is kept. */
export function absolutePath(path: string): { path: string; wantsDirectory: boolean } {
  const absolute = posix.resolve("/", path);
  return { path: absolute, wantsDirectory: /(^|\/)\.?$/.test(path) && path !== "" };
}

/** `dir/.`, `./`: what the directory holds, rather than itself. */
export function asksForContent(requested: string): boolean {
  return /(^|\/)\.\/*$/.test(requested);
}

export async function statPath(context: EngineContext, reference: string, path: string): Promise<PathStat> {
  return withContainerRoot(context, reference, (root) => statInRoot(root, reference, path));
}

/**
 * What stands at a path; a link itself unless the path asks for a directory. Errors in Docker's words, with container and
 * path as they were given.
 */
export function statInRoot(root: MountedRoot, reference: string, requested: string): PathStat {
  const { path, wantsDirectory } = absolutePath(requested);
  const fd = openEntry(root, path, wantsDirectory, () => fileNotInContainer(requested, reference));
  try {
    const stat = fstatSync(fd);
    if (wantsDirectory && !stat.isDirectory()) throw invalidRequest(`lstat ${path}/: not a directory`);
    return {
      name: asksForContent(requested) ? "." : posix.basename(path) || "/",
      size: stat.size,
      mode: goFileMode(stat),
      mtime: stat.mtime.toISOString().replace(/\.?0+Z$/, "Z"),
      linkTarget: stat.isSymbolicLink() ? linkTarget(root, path) : "",
    };
  } finally {
    closeSync(fd);
  }
}

function openEntry(root: MountedRoot, path: string, follow: boolean, missing: () => Error): number {
  try {
    return openAtRoot(root.fd, path, follow ? O_PATH : O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    throw missing();
  }
}

/** Where a link leads, as a path in the container. */
function linkTarget(root: MountedRoot, path: string): string {
  const resolved = resolveInRoot(root.path, path);
  return resolved.slice(root.path.length) || "/";
}

const TYPE_BITS: [keyof Stats & `is${string}`, number][] = [
  ["isDirectory", 2 ** 31],
  ["isSymbolicLink", 1 << 27],
  ["isBlockDevice", 1 << 26],
  ["isCharacterDevice", (1 << 26) | (1 << 21)],
  ["isFIFO", 1 << 25],
  ["isSocket", 1 << 24],
];

/** Go's fs.FileMode: its own bits for types and for setuid, setgid and sticky. */
export function goFileMode(stat: Stats): number {
  let mode = stat.mode & 0o777;
  for (const [is, bits] of TYPE_BITS) if ((stat[is] as () => boolean).call(stat)) mode += bits;
  if (stat.mode & 0o4000) mode += 1 << 23;
  if (stat.mode & 0o2000) mode += 1 << 22;
  if (stat.mode & 0o1000) mode += 1 << 20;
  return mode;
}
