import { statSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, GantryError } from "../../base/index.ts";
import { corrupt, newerFormat, noSpace } from "../errors.ts";
import { isFullDisk } from "./disk-errors.ts";
import { checkFile } from "./lmdb-file.ts";
import { checkPages, type PageProblem } from "./lmdb-page-check.ts";
import { hasNoFreePages } from "./lmdb-stats.ts";
import { LmdbTables } from "./lmdb-tables.ts";
import { encodeNumber } from "./record-codec.ts";

export const DATA_FILE = "data.mdb";
/** LMDB's table of readers; it makes a new one where none is. */
export const LOCK_FILE = "lock.mdb";
/** What begins so in a store's directory is work that was cut off. */
export const WORK_PREFIX = "tmp-";
/** What this version writes, and the newest that it reads. */
export const FORMAT = 1;
/** Of larger files only the inner pages are checked before they are opened: it must not take long. */
const WHOLE_CHECK_BYTES = 128 * 2 ** 20;

/** Opens the tables in a directory, new ones if there are none. Errors: `Store.Corrupt`, `Store.NewerFormat`, `Store.NoSpace`, `Store.NoPermission`. */
export async function openTables(dir: string): Promise<LmdbTables> {
  let tables: LmdbTables;
  try {
    checkFile(join(dir, DATA_FILE));
    await refuseDamagedPages(join(dir, DATA_FILE));
    tables = new LmdbTables(dir);
  } catch (error) {
    throw openError(dir, error);
  }
  const format = tables.readNumber("format");
  if (format > FORMAT) {
    await tables.root.close();
    throw newerFormat(dir, format, FORMAT);
  }
  if (format > 0 && hasNoFreePages(tables)) beginFreeList(tables, format);
  return tables;
}

/**
 * Makes a small commit, which leaves the list of free pages with an entry. LMDB (the fork in lmdb-js 3.5, `mdb_cursor_last` on an empty
 * leaf) ends the process when the list is empty and the next commit frees more pages than one entry of a page can name, some 250.
 */
function beginFreeList({ root, meta }: LmdbTables, format: number): void {
  root.transactionSync(() => void meta.put("format", encodeNumber(format)));
}

export function damageOf({ page, offset, message }: PageProblem): string {
  return `page ${page} (byte ${offset}): ${message}`;
}

async function refuseDamagedPages(path: string): Promise<void> {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes === 0) return;
  const [problem] = await checkPages(path, { onlyInner: sizeBytes > WHOLE_CHECK_BYTES });
  if (problem) throw corrupt(`${path} is damaged: ${damageOf(problem)}`, { ...problem, path });
}

function openError(dir: string, error: unknown): GantryError {
  if (error instanceof GantryError) return error;
  if (isFullDisk(error)) return noSpace(error);
  const { code } = error as { code?: unknown };
  if (code === "EACCES" || code === 13) {
    return new GantryError(
      "PermissionDenied",
      `the store in ${dir} may not be opened: ${errorMessage(error)}`,
      { code: "Store.NoPermission", cause: error },
    );
  }
  return corrupt(`the store in ${dir} cannot be opened: ${errorMessage(error)}`, { dir }, error);
}
