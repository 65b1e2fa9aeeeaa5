import { corrupt } from "../errors.ts";
import type { KeyValue, StoreEvent, WatchBatch } from "../types.ts";
import { headAt, type RecordHead, type Snapshot, toKeyValue, type VersionRecord } from "./backend.ts";
import { compareKeys } from "./key-order.ts";

const MIB = 2 ** 20;
/** One stretch of reading the past, so that the event loop is not held long. */
const HISTORY_CHUNK_EVENTS = 500;
const HISTORY_CHUNK_BYTES = 8 * MIB;
/** A page of a list ends early when its values are large. */
const PAGE_BYTES = 2 * MIB;
/** The revision of a new store: nothing was written by it. */
const FIRST_REVISION = 1;

/** A key as it was at a revision that is neither compacted nor in the future. */
export function readKey(snapshot: Snapshot, key: string, revision: number): KeyValue | undefined {
  const head = headAt(snapshot, snapshot.head(key), revision);
  return head && toKeyValue(recordOf(snapshot, head));
}

/** The next keys under a prefix as they were at such a revision: `limit` at most, and fewer where they are large. */
export function readPage(
  snapshot: Snapshot,
  prefix: string,
  { startAfter, limit, keysOnly }: { startAfter: string | undefined; limit: number; keysOnly: boolean },
  revision: number,
): { items: KeyValue[]; more: boolean } {
  const items: KeyValue[] = [];
  let bytes = 0;
  const past = revision < snapshot.revision;
  for (const newest of snapshot.heads(prefix, { startAfter, tombstones: past })) {
    const head = past ? headAt(snapshot, newest, revision) : newest;
    if (!head) continue;
    if (items.length === limit || bytes >= PAGE_BYTES) return { items, more: true };
    const item = keysOnly ? keyOnly(head) : toKeyValue(recordOf(snapshot, head));
    bytes += item.value.byteLength;
    items.push(item);
  }
  return { items, more: false };
}

/**
 * How many keys there were under a prefix after `startAfter`: the count now, corrected by what has changed since, so that the
 * cost follows the changes and not the keys.
 */
export function countAt(
  snapshot: Snapshot,
  prefix: string,
  startAfter: string | undefined,
  revision: number,
): number {
  let count = snapshot.count(prefix, startAfter);
  if (revision === snapshot.revision) return count;
  const seen = new Set<string>();
  for (const { key } of snapshot.historyHeads(revision + 1, snapshot.revision)) {
    if (seen.has(key) || !key.startsWith(prefix)) continue;
    if (startAfter !== undefined && compareKeys(key, startAfter) <= 0) continue;
    seen.add(key);
    const newest = snapshot.head(key);
    const livesNow = newest !== undefined && !newest.deleted;
    const livedThen = headAt(snapshot, newest, revision) !== undefined;
    count += Number(livedThen) - Number(livesNow);
  }
  return count;
}

/** Batches of whole revisions from `from` on, some hundred events at most, and the revision up to which they tell all. */
export function readHistory(
  snapshot: Snapshot,
  from: number,
  to: number,
): { batches: WatchBatch[]; through: number } {
  const batches: WatchBatch[] = [];
  let events = 0;
  let bytes = 0;
  let complete = Math.max(from, FIRST_REVISION + 1) - 1;
  for (const record of snapshot.history(from, to)) {
    let batch = batches.at(-1);
    if (batch?.revision !== record.modRevision) {
      if (batch && (events >= HISTORY_CHUNK_EVENTS || bytes >= HISTORY_CHUNK_BYTES)) {
        return { batches, through: batch.revision };
      }
      if (record.modRevision !== complete + 1) throw lostRevision(complete + 1);
      complete = record.modRevision;
      batch = { revision: record.modRevision, events: [] };
      batches.push(batch);
    }
    const event = eventOf(record, previousOf(snapshot, record));
    batch.events.push(event);
    events++;
    bytes += record.value.byteLength + (event.previous?.value.byteLength ?? 0);
  }
  if (complete < to) throw lostRevision(complete + 1);
  return { batches, through: to };
}

/** Every revision has written something: where one is missing the file is damaged, and a watch must not pass over it. */
function lostRevision(revision: number) {
  return corrupt(`the store lost revision ${revision}`, { revision });
}

export function eventOf(record: VersionRecord, previous: VersionRecord | undefined): StoreEvent {
  return {
    type: record.deleted ? "delete" : "put",
    item: toKeyValue(record),
    previous: previous && toKeyValue(previous),
  };
}

function previousOf(snapshot: Snapshot, record: VersionRecord): VersionRecord | undefined {
  if (record.version === 1 || record.previousRevision === 0) return undefined;
  return recordOf(snapshot, { ...record, modRevision: record.previousRevision });
}

export function recordOf(snapshot: Snapshot, { key, modRevision }: RecordHead): VersionRecord {
  const record = snapshot.version(key, modRevision);
  if (!record)
    throw corrupt(`the store lost ${key} at revision ${modRevision}`, { key, revision: modRevision });
  return record;
}

const NO_VALUE = new Uint8Array(0);

function keyOnly({ key, createRevision, modRevision, version, lease }: RecordHead): KeyValue {
  return { key, value: NO_VALUE, createRevision, modRevision, version, lease };
}
