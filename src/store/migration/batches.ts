import type { KeyValue } from "../types.ts";

export interface BatchLimits {
  maxItems: number;
  maxBytes: number;
}

/** What an entry takes beside key and value, roughly. */
const ENTRY_BYTES = 64;

export function sizeOf({ key, value }: Pick<KeyValue, "key" | "value">): number {
  return key.length + value.byteLength + ENTRY_BYTES;
}

/** The items in parts of at most so many items and bytes; an item larger than that is a part of its own. */
export function* batchesOf<T extends Pick<KeyValue, "key" | "value">>(
  items: readonly T[],
  limits: BatchLimits,
): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (batch.length > 0 && (batch.length === limits.maxItems || bytes + size > limits.maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
