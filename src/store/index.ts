export { type EtcdStoreOptions, openEtcdStore, parseEtcdAddress } from "./etcd/index.ts";
export { FaultyStore, type StoreFaults } from "./faulty-store.ts";
export { type LmdbStoreOptions, openLmdbStore } from "./lmdb-store.ts";
export { openMemoryStore } from "./memory-store.ts";
export type { StoreOptions } from "./revisioned-store.ts";
export { runStoreOperation } from "./store-operation.ts";
export { restoreSnapshot } from "./store-snapshot.ts";
export type * from "./types.ts";
export { type CacheBatch, type CacheEvent, WatchCache, type WatchCacheOptions } from "./watch-cache.ts";
