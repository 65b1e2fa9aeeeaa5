import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../base/index.ts";
import { badCopy, readOnly } from "../errors.ts";
import { maintenanceError } from "./disk-errors.ts";
import { copyTables } from "./lmdb-copy.ts";
import { DATA_FILE, LOCK_FILE, openTables, WORK_PREFIX } from "./lmdb-open.ts";
import { entryCounts } from "./lmdb-stats.ts";
import type { LmdbTables } from "./lmdb-tables.ts";

/**
 * What a store holds, written anew without free pages and opened, to take the place of the store's file. It is written beside it, so
 * that one rename decides: a crash leaves the one or the other, which hold the same as long as nothing is committed.
 */
export class DefragmentedCopy {
  readonly tables: LmdbTables;
  readonly dataFile: string;
  readonly #dir: string;
  readonly #work: string;
  #replaced: FileHandle | undefined;

  /** The store's own file is only read. Throws `Store.NoSpace` when there is no room for both, `Store.BadCopy`. */
  static async write(dir: string, original: LmdbTables): Promise<DefragmentedCopy> {
    const work = join(dir, `${WORK_PREFIX}defragment`);
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { mode: 0o700 });
      await copyTables(original, work);
      const copy = new DefragmentedCopy(dir, work, await openTables(work));
      if (holdTheSame(original, copy.tables)) return copy;
      await copy.discard();
      throw badCopy(dir);
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      throw maintenanceError("defragmentation", error);
    }
  }

  private constructor(dir: string, work: string, tables: LmdbTables) {
    this.#dir = dir;
    this.#work = work;
    this.tables = tables;
    this.dataFile = join(work, DATA_FILE);
  }

  /** Makes it the store's file. What has the old one open keeps reading that. */
  async putInPlace(): Promise<void> {
    const place = join(this.#dir, DATA_FILE);
    this.#replaced = await open(place);
    await rename(this.dataFile, place);
  }

  /** To be called when nothing has the old file open. Then no crash can bring it back. Throws `Store.ReadOnly`. */
  async settle(): Promise<void> {
    // Whoever closes the old file last waits until its blocks are free: not on this thread.
    await this.#replaced?.close();
    try {
      await rename(join(this.#work, LOCK_FILE), join(this.#dir, LOCK_FILE));
      await syncDirectory(this.#dir);
    } catch (error) {
      throw readOnly(error);
    }
    await rm(this.#work, { recursive: true, force: true });
  }

  /** Leaves everything as it was; before `putInPlace` only. */
  async discard(): Promise<void> {
    await this.tables.root.close();
    await this.#replaced?.close();
    await rm(this.#work, { recursive: true, force: true });
  }
}

function holdTheSame(a: LmdbTables, b: LmdbTables): boolean {
  if (a.readNumber("revision") !== b.readNumber("revision")) return false;
  const counts = entryCounts(b);
  return entryCounts(a).every((count, index) => count === counts[index]);
}
