import { chmod, open } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../../base/index.ts";
import { corrupt, noSpace } from "../errors.ts";
import { DATA_FILE, damageOf } from "./lmdb-open.ts";
import { checkPages } from "./lmdb-page-check.ts";
import type { LmdbTables } from "./lmdb-tables.ts";

/** LMDB's binding tells why a copy failed by text alone. */
const FULL_DISK = /No space left|quota exceeded/i;

/**
 * Writes what the tables hold now as a durable data file into an empty directory, without free pages and while commits go on;
 * LMDB does it on a thread of its own.
 */
export async function copyTables(tables: LmdbTables, dir: string): Promise<void> {
  try {
    await tables.root.backup(dir, true);
  } catch (error) {
    throw FULL_DISK.test(errorMessage(error)) ? noSpace(error) : error;
  }
  const path = join(dir, DATA_FILE);
  await chmod(path, 0o600);
  const handle = await open(path, "r+");
  await handle.sync().finally(() => handle.close());
}

/** LMDB would not outlive to copy damaged pages. */
export async function refuseToCopyDamage(
  tables: LmdbTables,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const [problem] = await checkOpenPages(tables, path, signal);
  if (problem) throw corrupt(`${path} is damaged: ${damageOf(problem)}`, { ...problem, path });
}

/** All pages of an open store, while others write. */
export async function checkOpenPages(
  tables: LmdbTables,
  path: string,
  signal: AbortSignal,
): ReturnType<typeof checkPages> {
  // As long as it reads, no page of the newest state is used again.
  const reading = tables.root.useReadTransaction();
  try {
    return await checkPages(path, { onlyInner: false, signal });
  } finally {
    reading.done();
  }
}
