export { CacheChains } from "./cache-chains.ts";
export { type CacheExporter, type CacheExportHost, createCacheExporter } from "./cache-export.ts";
export { importCache } from "./import-cache.ts";
export { inlineCacheOf } from "./inline-cache.ts";
export type { CacheWish } from "./types.ts";
