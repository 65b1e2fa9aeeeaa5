import { rename, rm, stat } from "node:fs/promises";
import { errnoCode } from "../../base/index.ts";

/** `log.1` is younger than `log.2`. */
export function rotatedPath(path: string, age: number): string {
  return `${path}.${age}`;
}

/**
 * Moves the log aside when it is larger than `maxBytes`, keeping `maxFiles` files in all. `reopen` tells the writer to
 * start a new one; until it has, lines go on into the moved file. Returns whether it did.
 */
export async function rotateLog(
  path: string,
  limits: { maxBytes: number; maxFiles: number },
  reopen: () => Promise<void>,
): Promise<boolean> {
  const size = await sizeOf(path);
  if (size === undefined || size < limits.maxBytes) return false;
  if (limits.maxFiles <= 1) {
    // Readers that have it open read it to its end.
    await rm(path, { force: true });
  } else {
    await rm(rotatedPath(path, limits.maxFiles - 1), { force: true });
    for (let age = limits.maxFiles - 2; age >= 1; age--) {
      await renameIfThere(rotatedPath(path, age), rotatedPath(path, age + 1));
    }
    await renameIfThere(path, rotatedPath(path, 1));
  }
  await reopen();
  return true;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
  }
}

/** The log's files, oldest first: those moved aside and the current one. */
export async function logFiles(path: string): Promise<string[]> {
  const files: string[] = [];
  for (let age = 1; ; age++) {
    if ((await sizeOf(rotatedPath(path, age))) === undefined) break;
    files.unshift(rotatedPath(path, age));
  }
  return [...files, path];
}
