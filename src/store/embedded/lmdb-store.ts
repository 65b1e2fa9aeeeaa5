import { mkdirSync } from "node:fs";
import type { Store } from "../types.ts";
import { lockDirectory } from "./directory-lock.ts";
import { LmdbBackend } from "./lmdb-backend.ts";
import { RevisionedStore, type StoreOptions } from "./revisioned-store.ts";

export interface LmdbStoreOptions extends StoreOptions {
  /** Made with mode 0700 if it is not there. One process may have it open. */
  dir: string;
}

/** Opens or creates the store in a directory. Errors: `Store.Locked`, `Store.Corrupt`, `Store.NewerFormat`, `Store.NoSpace`. */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(options.dir);
  const backend = new LmdbBackend({ dir: options.dir, onClosed: unlock });
  try {
    return new RevisionedStore(backend, await backend.open(), options);
  } catch (error) {
    await backend.close();
    throw error;
  }
}
