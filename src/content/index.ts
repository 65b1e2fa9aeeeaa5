export { abortable } from "./abortable.ts";
export { type ContentStoreOptions, openContentStore } from "./disk-content-store.ts";
export { DurableJsonFile, writeFileDurably } from "./durable-file.ts";
export { storageError } from "./storage-error.ts";
export type * from "./types.ts";
