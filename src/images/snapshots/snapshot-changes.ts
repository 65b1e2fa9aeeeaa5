import { closeSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { textOfBytes } from "../../formats/index.ts";
import { getXattr, namesIn, openDirectoryAt, statAt } from "../../kernel/index.ts";
import { OPAQUE_XATTR } from "../layers/layer-names.ts";
import { openDirectory } from "./snapshot-store.ts";

export interface Change {
  path: string;
  /** Docker's numbers: modified, added, deleted. */
  kind: 0 | 1 | 2;
}

/**
 * What a snapshot's upper directory changes of the layers below (uppermost first), in order of the paths. Everything in
 * the upper directory was either made or touched, or is a whiteout.
 */
export function* changesOf(upperDir: string, lowerDirs: readonly string[]): Generator<Change> {
  const { fd, close } = openDirectory(upperDir);
  try {
    yield* changesIn(fd, "", new Lower(lowerDirs));
  } finally {
    close();
  }
}

function* changesIn(dirfd: number, prefix: string, lower: Lower): Generator<Change> {
  for (const name of namesIn(dirfd)) {
    const stats = statAt(dirfd, name);
    if (!stats) continue;
    const path = `${prefix}/${textOfBytes(name)}`;
    const below = lower.find(path);
    if (isWhiteout(stats)) {
      if (below) yield { path, kind: 2 };
      continue;
    }
    yield { path, kind: below ? 0 : 1 };
    if (stats.isDirectory())
      yield* changesBelow(dirfd, name, path, below?.isDirectory() ? lower : new Lower([]));
  }
}

function* changesBelow(dirfd: number, name: Buffer, path: string, lower: Lower): Generator<Change> {
  const fd = openDirectoryAt(dirfd, name);
  if (fd === undefined) return;
  try {
    const isOpaque = getXattr(fd, OPAQUE_XATTR)?.toString() === "y";
    yield* changesIn(fd, path, isOpaque ? new Lower([]) : lower);
    if (!isOpaque) return;
    // What an opaque directory hides is gone, unless it was made again.
    const made = new Set(namesIn(fd).map(textOfBytes));
    for (const hidden of lower.namesIn(path))
      if (!made.has(hidden)) yield { path: `${path}/${hidden}`, kind: 2 };
  } finally {
    closeSync(fd);
  }
}

function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** The merged view of the layers below, as far as questions about single paths go. Layers never change. */
class Lower {
  readonly #dirs: readonly string[];

  /** Uppermost first. */
  constructor(dirs: readonly string[]) {
    this.#dirs = dirs;
  }

  find(path: string): Stats | undefined {
    for (const dir of this.#dirs) {
      const found = lookUp(dir, path);
      if (found.hidden) return undefined;
      if (found.stats) return found.stats;
    }
    return undefined;
  }

  namesIn(path: string): string[] {
    const names = new Map<string, boolean>();
    for (const dir of this.#dirs) {
      const found = lookUp(dir, path);
      if (found.hidden || (found.stats && !found.stats.isDirectory())) break;
      if (!found.stats) continue;
      for (const name of readdirSync(join(dir, path))) {
        if (!names.has(name)) names.set(name, !isWhiteout(lstatSync(join(dir, path, name))));
      }
      if (isOpaqueDirectory(join(dir, path))) break;
    }
    return [...names]
      .filter(([, visible]) => visible)
      .map(([name]) => name)
      .sort();
  }
}

/** One layer's answer: what it has at the path, or that it hides what lies below it. */
function lookUp(dir: string, path: string): { stats?: Stats; hidden: boolean } {
  const parts = path.split("/").filter(Boolean);
  let at = dir;
  for (let index = 0; index < parts.length; index++) {
    const isLast = index === parts.length - 1;
    at = join(at, parts[index]!);
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (!stats) return { hidden: index > 0 && isOpaqueWay(dir, parts.slice(0, index)) };
    if (isWhiteout(stats)) return { hidden: true };
    if (isLast) return { stats, hidden: false };
    // A file or link where the path needs a directory: the layers below are not seen through it.
    if (!stats.isDirectory()) return { hidden: true };
  }
  return { hidden: false };
}

function isOpaqueWay(dir: string, parts: readonly string[]): boolean {
  return parts.some((_, index) => isOpaqueDirectory(join(dir, ...parts.slice(0, index + 1))));
}

function isOpaqueDirectory(path: string): boolean {
  return getXattr(path, OPAQUE_XATTR)?.toString() === "y";
}
