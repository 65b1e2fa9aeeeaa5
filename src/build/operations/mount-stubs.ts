import { lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { posix } from "node:path";
import { fdPath, resolveInRoot } from "../../kernel/index.ts";

/** A place that the runtime makes to mount something on. */
export interface MountStub {
  /** Relative to the root. */
  path: string;
  /** Directories above it that are made for it too, outermost first. */
  parents: readonly string[];
}

/** Which of these mount points a root lacks, before a command runs in it. */
export function missingMountPoints(rootFd: number, targets: readonly string[]): MountStub[] {
  const root = fdPath(rootFd);
  return targets.flatMap((target) => {
    const resolved = resolveInRoot(root, target);
    const names = resolved === root ? [] : resolved.slice(root.length + 1).split("/");
    const missing: string[] = [];
    for (let depth = names.length; depth > 0; depth--) {
      const path = names.slice(0, depth).join("/");
      if (statOf(`${root}/${path}`)) break;
      missing.unshift(path);
    }
    const path = missing.pop();
    return path === undefined ? [] : [{ path, parents: missing }];
  });
}

/**
 * Removes them from what the command wrote, as far as they are still empty: a mount leaves nothing behind. `upper` is the snapshot's
 * directory of changes; `below` says what the root had before.
 */
export function removeMountStubs(
  upper: string,
  stubs: readonly MountStub[],
  below: (path: string) => Stats | undefined,
): void {
  for (const { path, parents } of [...stubs].reverse()) {
    const isRemoved = removeEmpty(`${upper}/${path}`);
    for (const parent of [...parents].reverse()) removeEmpty(`${upper}/${parent}`);
    if (isRemoved) removeUntouched(upper, posix.dirname(parents[0] ?? path), below);
  }
}

function removeEmpty(path: string): boolean {
  const stat = statOf(path);
  if (!stat) return true;
  if (stat.isFile() && stat.size === 0) unlinkSync(path);
  else if (stat.isDirectory() && readdirSync(path).length === 0) rmdirSync(path);
  else return false;
  return true;
}

/** A directory was copied up only because a stub was made in it. */
function removeUntouched(upper: string, path: string, below: (path: string) => Stats | undefined): void {
  for (let at = path; at !== "." && at !== ""; at = posix.dirname(at)) {
    const own = statOf(`${upper}/${at}`);
    const before = below(at);
    if (!own?.isDirectory() || !before?.isDirectory() || readdirSync(`${upper}/${at}`).length > 0) return;
    if (own.mode !== before.mode || own.uid !== before.uid || own.gid !== before.gid) return;
    rmdirSync(`${upper}/${at}`);
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
