import { existsSync } from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../base/index.ts";
import { DATA_FILE, LOCK_FILE } from "./lmdb-open.ts";

/**
 * Puts the data file of a work directory in the place of a locked store's; after a crash there is the one or the other. A store that
 * was there is kept as `data-before-<occasion>-<time>.mdb`, whose path is returned.
 */
export async function replaceDataFile(
  work: string,
  dir: string,
  { occasion, nowMs }: { occasion: "restore" | "migration"; nowMs: number },
): Promise<string | undefined> {
  const place = join(dir, DATA_FILE);
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, "-");
  const movedTo = existsSync(place) ? join(dir, `data-before-${occasion}-${stamp}.mdb`) : undefined;
  // A second name and not a new one: at no moment there is no store.
  if (movedTo) await link(place, movedTo);
  await rm(join(dir, LOCK_FILE), { force: true });
  await rename(join(work, DATA_FILE), place);
  await syncDirectory(dir);
  return movedTo;
}
