import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isGantryError } from "../../base/index.ts";
import { lockDirectory } from "../embedded/directory-lock.ts";
import { maintenanceError } from "../embedded/disk-errors.ts";
import { DATA_FILE, openTables, WORK_PREFIX } from "../embedded/lmdb-open.ts";
import { encodeNumber } from "../embedded/record-codec.ts";
import { replaceDataFile } from "../embedded/replace-data-file.ts";
import { checkTables } from "./consistency-check.ts";
import { damagedSnapshot, verifySnapshot } from "./snapshot-file.ts";

/** More than a store writes between a snapshot and its return. */
const REVISION_STEP = 1_000_000_000;

export interface RestoreOptions {
  /** For a store that somebody has watched: see `restoreSnapshot`. Else it goes on with the snapshot's revisions and history. */
  raiseRevision?: boolean;
}

export interface RestoreResult {
  /** Where the store is that was there before. */
  movedTo: string | undefined;
  revision: number;
}

/**
 * Makes a store's directory from a snapshot; a store that is already there is moved aside. After a crash there is the one or the
 * other.
 *
 * Whoever watched the store knows revisions that the snapshot does not have, and would wait for them, or take other changes with
 * the same numbers for what it knows. With `raiseRevision` they go on far beyond, and all up to there are compacted: each watcher
 * is told that what it knows is gone, and lists anew. etcd's `snapshot restore --bump-revision --mark-compacted` is the example.
 *
 * Throws InvalidArgument (`Store.NoSnapshot`, `Store.NewerFormat`), DataLoss (`Store.DamagedSnapshot`), Unavailable
 * (`Store.Locked`) when a process has the store open, ResourceExhausted (`Store.NoSpace`).
 */
export async function restoreSnapshot(
  file: string,
  dir: string,
  nowMs: number,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const dataBytes = await verifySnapshot(file);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(dir);
  const work = join(dir, `${WORK_PREFIX}restore`);
  try {
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { mode: 0o700 });
    await pipeline(
      createReadStream(file, { end: dataBytes - 1 }),
      createWriteStream(join(work, DATA_FILE), { mode: 0o600 }),
    );
    const known = options.raiseRevision ? await revisionOf(dir) : undefined;
    const revision = await prepare(work, file, (own) =>
      known === undefined ? own : nextRevision(Math.max(own, known), nowMs),
    );
    return { movedTo: await replaceDataFile(work, dir, { occasion: "restore", nowMs }), revision };
  } catch (error) {
    throw maintenanceError("the restore", error);
  } finally {
    await rm(work, { recursive: true, force: true });
    unlock();
  }
}

/** Checks the data, gives them the revision that shall follow their own, and makes them durable. */
async function prepare(work: string, file: string, follow: (own: number) => number): Promise<number> {
  const tables = await openTables(work).catch((error) => {
    throw isGantryError(error, "DataLoss") ? damagedSnapshot(file, error.message, error) : error;
  });
  const own = tables.readNumber("revision");
  const revision = follow(own);
  try {
    const [problem] = await checkTables(tables);
    if (problem) throw damagedSnapshot(file, problem.message);
    if (revision !== own) {
      await tables.root.batch(() => {
        void tables.meta.put("revision", encodeNumber(revision));
        void tables.meta.put("compactRevision", encodeNumber(revision));
      });
    }
  } finally {
    await tables.root.close();
  }
  const handle = await open(join(work, DATA_FILE), "r+");
  await handle.sync().finally(() => handle.close());
  return revision;
}

/**
 * The time counts too: where the store before is lost, or the same snapshot is restored twice, it is what leads beyond all that
 * was ever written (up to 1000 revisions a second), and is far from the largest safe integer.
 */
function nextRevision(known: number, nowMs: number): number {
  return Math.max(known + REVISION_STEP, Math.floor(nowMs));
}

/** Of the store that is there; 0 if none is, or if it cannot be read. */
async function revisionOf(dir: string): Promise<number> {
  if (!existsSync(join(dir, DATA_FILE))) return 0;
  try {
    const tables = await openTables(dir);
    const revision = tables.readNumber("revision");
    await tables.root.close();
    return revision;
  } catch {
    return 0;
  }
}
