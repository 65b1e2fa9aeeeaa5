import { fstatSync, writeSync } from "node:fs";
import { errorMessage } from "../base/index.ts";

/** Where lines go: a descriptor, or in tests whatever takes bytes or throws. */
export type WriteBytes = (bytes: Uint8Array) => number;

/**
 * The program's log. That it cannot be written (a full disk, a reader that has gone) is no reason to stop for anybody: lines are lost then,
 * and the first that can be written again is preceded by how many there were.
 */
export class LogOutput {
  readonly #write: WriteBytes;
  #lost = 0;
  #isTorn = false;

  constructor(write: WriteBytes) {
    this.#write = write;
  }

  line(text: string): void {
    if (
      this.#lost > 0 &&
      !this.#put(`${this.#lost} lines of the log are missing here: it could not be written`)
    ) {
      this.#lost++;
      return;
    }
    this.#lost = 0;
    if (!this.#put(text)) this.#lost = 1;
  }

  #put(text: string): boolean {
    const bytes = Buffer.from(`${this.#isTorn ? "\n" : ""}${text}\n`);
    let written = 0;
    try {
      while (written < bytes.length) written += this.#write(bytes.subarray(written));
    } catch {
      this.#isTorn ||= written > 0;
      return false;
    }
    this.#isTorn = false;
    return true;
  }
}

/**
 * The log on standard error. Into a file it is written at once, so that nothing is missing when the process is killed; a terminal or a pipe
 * may be slow, and Node waits for them.
 */
export function logToStandardError(): LogOutput {
  if (fstatSync(2).isFile()) return new LogOutput((bytes) => writeSync(2, bytes));
  // Who has read it has gone (EPIPE).
  process.stderr.on("error", () => {});
  process.stdout.on("error", () => {});
  return new LogOutput((bytes) => {
    process.stderr.write(bytes);
    return bytes.length;
  });
}

/** Tells something on standard output; nobody may be there to read it. */
export function tell(text: string): void {
  try {
    process.stdout.write(text);
  } catch (error) {
    logToStandardError().line(`could not print: ${errorMessage(error)}`);
  }
}
