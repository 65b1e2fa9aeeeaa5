export {
  type CacheCheckOptions,
  type CacheCheckReport,
  type CacheDifference,
  type CheckedGroup,
  checkCache,
} from "./cache-consistency.ts";
export { type EtcdStoreOptions, openEtcdStore, parseEtcdAddress } from "./etcd/index.ts";
export { FaultyStore, type StoreFaults } from "./faulty-store.ts";
export { type LmdbStoreOptions, openLmdbStore } from "./lmdb-store.ts";
export { openMemoryStore } from "./memory-store.ts";
export {
  type MigrationOptions,
  type MigrationProgress,
  type MigrationResult,
  migrateStore,
  type StoreLocation,
} from "./migration/index.ts";
export { type RestoreOptions, type RestoreResult, restoreSnapshot } from "./restore-snapshot.ts";
export type { StoreOptions } from "./revisioned-store.ts";
export { runStoreOperation } from "./store-operation.ts";

export type * from "./types.ts";
export { type CacheBatch, type CacheEvent, WatchCache, type WatchCacheOptions } from "./watch-cache.ts";
