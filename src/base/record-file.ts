import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { diskError } from "./disk-error.ts";
import { errnoCode, errorMessage, GantryError } from "./errors.ts";
import { failpoint } from "./failpoints.ts";

/**
 * What stands where a record ought to be. Only an absent or a damaged one may be replaced or removed: of one that cannot be read nobody
 * knows what it holds, and it may be whole (a disk that fails now and then, too many open files).
 */
export type RecordFile<T> =
  | { state: "present"; record: T }
  | { state: "absent" }
  /** Torn, empty, or not what it should be. */
  | { state: "damaged"; error: GantryError }
  | { state: "unreadable"; error: GantryError };

/** Makes a record of a file's text; what it throws means that the file is damaged. */
export type ParseRecord<T> = (text: string) => T;

export async function readRecord<T>(
  path: string,
  parse: ParseRecord<T> = JSON.parse,
): Promise<RecordFile<T>> {
  try {
    failpoint(`base/record/read ${path}`);
    return parsed(path, await readFile(path, "utf8"), parse);
  } catch (error) {
    return unread(path, error);
  }
}

export function readRecordSync<T>(path: string, parse: ParseRecord<T> = JSON.parse): RecordFile<T> {
  try {
    failpoint(`base/record/read ${path}`);
    return parsed(path, readFileSync(path, "utf8"), parse);
  } catch (error) {
    return unread(path, error);
  }
}

/** For whoever has no use for a record that is not whole, but must not take an unreadable one for none: that is thrown. */
export function presentOrUndefined<T>(file: RecordFile<T>): T | undefined {
  if (file.state === "unreadable") throw file.error;
  return file.state === "present" ? file.record : undefined;
}

/** False only for what is known not to be one; where that cannot be found out, the error is thrown. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const file = unread(path, error);
    if (file.state === "unreadable") throw file.error;
    return false;
  }
}

function parsed<T>(path: string, text: string, parse: ParseRecord<T>): RecordFile<T> {
  try {
    return { state: "present", record: parse(text) };
  } catch (cause) {
    const why = text === "" ? "it is empty" : errorMessage(cause);
    const error = new GantryError("DataLoss", `${path} is damaged: ${why}`, {
      code: "Record.Damaged",
      details: { path },
      cause,
    });
    return { state: "damaged", error };
  }
}

function unread(
  path: string,
  cause: unknown,
): Extract<RecordFile<never>, { state: "absent" | "unreadable" }> {
  const errno = errnoCode(cause);
  if (errno === "ENOENT" || errno === "ENOTDIR") return { state: "absent" };
  const known = diskError(cause, `read ${path}`);
  const error = new GantryError(
    known?.kind ?? "Unavailable",
    known?.message ?? `read ${path}: ${errorMessage(cause)}`,
    {
      code: "Record.Unreadable",
      ...(known?.hint ? { hint: known.hint } : {}),
      details: { path },
      cause,
    },
  );
  return { state: "unreadable", error };
}
