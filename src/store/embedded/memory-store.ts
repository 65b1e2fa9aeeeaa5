import type { Store } from "../types.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { RevisionedStore, type StoreOptions } from "./revisioned-store.ts";

/** A store that lives and dies with this process: for tests, and for control planes made to be thrown away. */
export async function openMemoryStore(options: StoreOptions): Promise<Store> {
  const backend = new MemoryBackend();
  return new RevisionedStore(backend, await backend.open(), options);
}
