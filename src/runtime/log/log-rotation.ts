import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoCode } from "../../base/index.ts";
import { agesOf, rotatedPath } from "./log-files.ts";

// The steps of a rotation, each of which may be the last one before a crash:
//
// 1. `moveAside`: the log becomes `log.1`, and those before it one older. The writer goes on writing into it.
// 2. The writer is told to open the log anew, which makes a new file.
// 3. `dropOldest`, once something stands in the new file: until then the one moved aside is the log's newest part.
//
// A writer that has ended makes no new file, or leaves it empty: then `undoMove` takes the first step back.

/** Size of the log in bytes; undefined while it has been moved aside. */
export function logSize(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function moveAside(path: string): void {
  for (const age of rotatedAges(path).reverse())
    renameSync(rotatedPath(path, age), rotatedPath(path, age + 1));
  renameSync(path, rotatedPath(path, 1));
}

/** Keeps `maxFiles` files, the log itself among them. */
export function dropOldest(path: string, maxFiles: number): void {
  for (const age of rotatedAges(path)) if (age >= maxFiles) rmSync(rotatedPath(path, age), { force: true });
}

/** Called when the writer has ended: a rotation that nothing was written after is taken back. */
export function undoMove(path: string): void {
  if ((logSize(path) ?? 0) > 0 || !existsSync(rotatedPath(path, 1))) return;
  renameSync(rotatedPath(path, 1), path);
  for (const age of rotatedAges(path)) renameSync(rotatedPath(path, age), rotatedPath(path, age - 1));
}

/** The youngest first. */
function rotatedAges(path: string): number[] {
  return agesOf(path, readdirSync(dirname(path))).filter((age) => age > 0);
}
