import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diskError, errnoCode } from "../base/index.ts";

export interface ExitFile {
  exitCode: number;
  finishedAtMs: number;
}

/** What conmon wrote when the container ended; undefined when it has not, or when the file is not whole. */
export function readExitFile(dir: string, id: string): ExitFile | undefined {
  const path = join(dir, id);
  try {
    const text = readFileSync(path, "utf8").trim();
    if (!/^-?\d+$/.test(text)) return undefined;
    return { exitCode: Number(text), finishedAtMs: statSync(path).mtimeMs };
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Records an end that no monitor saw, so that it is the same after the next start of the program; a full disk does not hold it up. */
export function writeExitFile(dir: string, id: string, exitCode: number): void {
  try {
    writeFileSync(join(dir, id), String(exitCode), { mode: 0o600 });
  } catch (error) {
    if (!diskError(error)) throw error;
  }
}

export function removeExitFile(dir: string, id: string): void {
  rmSync(join(dir, id), { force: true });
}
