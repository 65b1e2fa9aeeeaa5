import { statSync } from "node:fs";
import { join } from "node:path";
import { writeFileDurably } from "../../base/index.ts";
import { corrupt } from "../errors.ts";
import { DATA_FILE, WORK_PREFIX } from "./lmdb-open.ts";

/** Stands in a store's directory once its data file holds a store. */
const WRITTEN_MARK = "written";

export function hasWrittenMark(dir: string): boolean {
  return statSync(join(dir, WRITTEN_MARK), { throwIfNoEntry: false }) !== undefined;
}

/**
 * Refuses a directory whose store was there once and whose data file is gone or empty: LMDB would make a new one, and the loss of
 * all that was declared would look like a fresh start. Without the mark such a file is a new store's that was killed at its first write.
 */
export function refuseLostData(dir: string): void {
  if (!hasWrittenMark(dir)) return;
  const path = join(dir, DATA_FILE);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw lost(dir, `${path} is gone`);
  if (found.size === 0) throw lost(dir, `${path} is empty`);
}

export function lost(dir: string, what: string) {
  return corrupt(`${what}, though the store was written before; to begin with nothing, remove ${dir}`, {
    dir,
  });
}

/** Its failure is no reason not to serve: a disk that fails or is full will be told of by the writes that matter. */
export async function leaveWrittenMark(dir: string): Promise<void> {
  if (hasWrittenMark(dir)) return;
  const temporary = join(dir, `${WORK_PREFIX}${WRITTEN_MARK}`);
  await writeFileDurably(join(dir, WRITTEN_MARK), "", { temporary }).catch(() => {});
}
