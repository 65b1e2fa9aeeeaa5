import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, failpoint, makeDirectoryDurably } from "../../base/index.ts";
import type { Mutation } from "../embedded/backend.ts";
import { lockDirectory } from "../embedded/directory-lock.ts";
import { LmdbBackend } from "../embedded/lmdb-backend.ts";
import { WORK_PREFIX } from "../embedded/lmdb-open.ts";
import { replaceDataFile } from "../embedded/replace-data-file.ts";
import type { KeyValue } from "../types.ts";
import { targetDiffers } from "./errors.ts";
import { readPages } from "./lmdb-source.ts";
import type { FinishedTarget, MigrationTarget } from "./types.ts";

/**
 * A new embedded store. It is built in a directory beside, with all numbers as they are in the source, and renamed into its place
 * when it is whole; a store that was there is kept under another name. To its clients it is the source, compacted just now.
 */
export class LmdbTarget implements MigrationTarget {
  readonly name: string;
  readonly identity: { kind: "embedded"; dir: string };
  readonly keepsRevisions = true;
  /** LMDB has one writer. */
  readonly maxWrites = 1;
  readonly #dir: string;
  readonly #work: string;
  readonly #clock: Clock;
  readonly #unlock: () => void;
  #backend: LmdbBackend | undefined;
  #revision = 0;

  private constructor(dir: string, clock: Clock, unlock: () => void) {
    this.name = dir;
    this.identity = { kind: "embedded", dir };
    this.#dir = dir;
    this.#work = join(dir, `${WORK_PREFIX}migration`);
    this.#clock = clock;
    this.#unlock = unlock;
  }

  /** Throws Unavailable (`Store.Locked`). */
  static async open(dir: string, clock: Clock): Promise<LmdbTarget> {
    await makeDirectoryDurably(dir);
    return new LmdbTarget(dir, clock, lockDirectory(dir));
  }

  async begin(sourceRevision: number): Promise<void> {
    this.#revision = sourceRevision;
    await rm(this.#work, { recursive: true, force: true });
    mkdirSync(this.#work, { mode: 0o700 });
    this.#backend = new LmdbBackend({ dir: this.#work, onClosed: () => {} });
    await this.#backend.open();
    const compacted = (type: "compacted" | "compactedThrough"): Mutation => ({
      type,
      revision: sourceRevision,
    });
    await this.#commit([compacted("compacted"), compacted("compactedThrough")]);
  }

  async grantLease(id: number, ttlSeconds: number): Promise<number> {
    await this.#commit([{ type: "lease", id, ttlSeconds }]);
    return id;
  }

  async write(items: readonly KeyValue[]): Promise<void> {
    failpoint("store-migration-write");
    await this.#commit(items.map((item) => this.#toVersion(item)));
  }

  pages(): AsyncIterable<KeyValue[]> {
    return readPages(this.#backend!);
  }

  /** The directory is locked: nobody can. */
  async assertNotOvertaken(): Promise<void> {}

  async finish(): Promise<FinishedTarget> {
    const [problem] = await this.#backend!.check(new AbortController().signal);
    if (problem) throw targetDiffers(this.#dir, "a sound store", problem.message);
    await this.#backend!.close();
    this.#backend = undefined;
    failpoint("store-migration-finish");
    const nowMs = this.#clock.nowMs();
    const movedTo = await replaceDataFile(this.#work, this.#dir, { occasion: "migration", nowMs });
    return { revision: this.#revision, ...(movedTo ? { movedTo } : {}) };
  }

  /** A store that is found in its place is moved aside, and never thrown away. */
  async release(): Promise<void> {
    failpoint("store-migration-release");
  }

  async close(): Promise<void> {
    await this.#backend?.close();
    await rm(this.#work, { recursive: true, force: true });
    this.#unlock();
  }

  #commit(mutations: Mutation[]): Promise<void> {
    return this.#backend!.commit(mutations, this.#revision);
  }

  /** The versions before it stay behind, as after a compaction. */
  #toVersion(item: KeyValue): Mutation {
    const value = this.#backend!.adopt(item.value);
    const record = { ...item, value, deleted: false, previousRevision: 0 };
    return { type: "version", record, previousLease: 0 };
  }
}
