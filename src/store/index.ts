export { type LmdbStoreOptions, openLmdbStore } from "./embedded/lmdb-store.ts";
export { openMemoryStore } from "./embedded/memory-store.ts";
export type { StoreOptions } from "./embedded/revisioned-store.ts";
export { EtcdRequestTimes, type EtcdStoreOptions, openEtcdStore, parseEtcdAddress } from "./etcd/index.ts";
export { FaultyStore, type StoreFaults } from "./faulty-store.ts";
export {
  type MigrationOptions,
  type MigrationProgress,
  type MigrationResult,
  migrateStore,
  type StoreLocation,
} from "./migration/index.ts";
export { type RestoreOptions, type RestoreResult, restoreSnapshot } from "./operations/restore-snapshot.ts";
export { runStoreOperation } from "./operations/store-operation.ts";
export type * from "./types.ts";
export {
  type CacheCheckOptions,
  type CacheCheckReport,
  type CacheDifference,
  type CheckedGroup,
  checkCache,
} from "./watch/cache-consistency.ts";
export { type CacheBatch, type CacheEvent, WatchCache, type WatchCacheOptions } from "./watch/watch-cache.ts";
