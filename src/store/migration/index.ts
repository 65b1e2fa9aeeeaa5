export {
  type MigrationOptions,
  type MigrationProgress,
  type MigrationResult,
  migrateStore,
} from "./migrate-store.ts";
export type { StoreLocation } from "./types.ts";
