import type { StoredObject } from "./stored-object.ts";

/** One change as the caches tell it. For DELETED, `object` is the last state at the revision of the delete. */
export interface ObjectEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: StoredObject;
  previous: StoredObject | undefined;
  /** Encoded forms, made once for all watchers that ask for the same. */
  encoded: Map<string, Buffer>;
}

/** Events of one revision; without events: nothing is missing up to it. */
export interface ObjectBatch {
  revision: number;
  events: readonly ObjectEvent[];
}

/** What the API server needs of the watch cache: all objects in memory, and every change in order. */
export interface ObjectCache {
  /** Everything up to this revision is known. */
  readonly revision: number;
  get(key: string): StoredObject | undefined;
  /** Objects whose key starts with the prefix, in order of their keys. */
  list(prefix: string): readonly StoredObject[];
  /** Resolves when the cache has reached the revision; false when it has not after `timeoutMs`. */
  waitFor(revision: number, timeoutMs: number): Promise<boolean>;
  /**
   * Changes after `afterRevision` under the prefix, in order and without a gap, with progress now and then. Throws Gone
   * when the revision is older than what is kept, ResourceExhausted when the consumer is too slow.
   */
  watch(prefix: string, afterRevision: number, signal: AbortSignal): AsyncIterable<ObjectBatch>;
}
