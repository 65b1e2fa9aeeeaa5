import { closeSync, type Stats } from "node:fs";
import { errnoCode, inTurns } from "../../base/index.ts";
import { namesIn, openDirectoryAt, statAt } from "../../kernel/index.ts";
import { openDirectory } from "./snapshot-store.ts";

/** Bytes of the files below a directory, each counted once however many names it has, and how many files there are. */
export async function usageOf(dir: string): Promise<{ sizeBytes: number; inodes: number }> {
  const seen = new Set<string>();
  const usage = { sizeBytes: 0, inodes: 0 };
  for await (const stats of inTurns(filesBelow(dir))) {
    if (stats.nlink > 1 && !stats.isDirectory()) {
      const key = `${stats.dev}:${stats.ino}`;
      if (seen.has(key)) continue;
      seen.add(key);
    }
    usage.inodes++;
    if (stats.isFile()) usage.sizeBytes += stats.size;
  }
  return usage;
}

/**
 * A container may change the tree meanwhile: links are never followed, and what vanishes is left out. A directory that is
 * still being made has nothing in it.
 */
function* filesBelow(dir: string): Generator<Stats> {
  const directory = openIfThere(dir);
  if (!directory) return;
  const { fd, close } = directory;
  try {
    yield* visit(fd);
  } finally {
    close();
  }
}

function openIfThere(dir: string): ReturnType<typeof openDirectory> | undefined {
  try {
    return openDirectory(dir);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function* visit(dirfd: number): Generator<Stats> {
  for (const name of namesIn(dirfd)) {
    const stats = statAt(dirfd, name);
    if (!stats) continue;
    yield stats;
    const fd = stats.isDirectory() ? openDirectoryAt(dirfd, name) : undefined;
    if (fd === undefined) continue;
    try {
      yield* visit(fd);
    } finally {
      closeSync(fd);
    }
  }
}
