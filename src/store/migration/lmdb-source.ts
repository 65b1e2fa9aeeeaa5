import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LoadedState } from "../embedded/backend.ts";
import { toKeyValue } from "../embedded/backend.ts";
import { lockDirectory } from "../embedded/directory-lock.ts";
import { LmdbBackend } from "../embedded/lmdb-backend.ts";
import { DATA_FILE } from "../embedded/lmdb-open.ts";
import { recordOf } from "../embedded/store-reader.ts";
import type { KeyValue } from "../types.ts";
import { sizeOf } from "./batches.ts";
import { noStore, sourceDamaged } from "./errors.ts";
import type { MigrationSource } from "./types.ts";

const PAGE_BYTES = 512 * 1024;

/** An embedded store, locked against all others. It is read below the leases' clock: none runs out meanwhile. */
export class LmdbSource implements MigrationSource {
  readonly name: string;
  readonly identity: { kind: "embedded"; dir: string };
  readonly #backend: LmdbBackend;
  readonly #loaded: LoadedState;

  private constructor(dir: string, backend: LmdbBackend, loaded: LoadedState) {
    this.name = dir;
    this.identity = { kind: "embedded", dir };
    this.#backend = backend;
    this.#loaded = loaded;
  }

  /** Throws NotFound (`Store.NotFound`), Unavailable (`Store.Locked`), DataLoss (`Store.Corrupt`). */
  static async open(dir: string): Promise<LmdbSource> {
    if (!existsSync(join(dir, DATA_FILE))) throw noStore(dir);
    const unlock = lockDirectory(dir);
    const backend = new LmdbBackend({ dir, onClosed: unlock });
    try {
      const loaded = await backend.open();
      const [problem] = await backend.check(new AbortController().signal);
      if (problem) throw sourceDamaged(dir, problem.message);
      return new LmdbSource(dir, backend, loaded);
    } catch (error) {
      await backend.close();
      throw error;
    }
  }

  get revision(): number {
    return this.#loaded.revision;
  }

  async count(): Promise<number> {
    return this.#backend.snapshot().count("");
  }

  pages(): AsyncIterable<KeyValue[]> {
    return readPages(this.#backend);
  }

  async leaseTtlSeconds(id: number): Promise<number | undefined> {
    return this.#loaded.leases.find((lease) => lease.id === id)?.ttlSeconds;
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }
}

/** All living keys of a store that nobody writes to, in pages. */
export async function* readPages(backend: LmdbBackend): AsyncGenerator<KeyValue[], void, void> {
  let startAfter: string | undefined;
  for (;;) {
    const page = nextPage(backend, startAfter);
    if (page.length === 0) return;
    yield page;
    startAfter = page.at(-1)!.key;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function nextPage(backend: LmdbBackend, startAfter: string | undefined): KeyValue[] {
  const snapshot = backend.snapshot();
  const page: KeyValue[] = [];
  let bytes = 0;
  for (const head of snapshot.heads("", { startAfter, tombstones: false })) {
    const item = toKeyValue(recordOf(snapshot, head));
    page.push(item);
    bytes += sizeOf(item);
    if (bytes >= PAGE_BYTES) break;
  }
  return page;
}
