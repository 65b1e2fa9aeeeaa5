import type { protobuf } from "../../formats/index.ts";
import { corrupt, newerFormat } from "../errors.ts";
import type { EtcdConnection } from "./connection.ts";
import { halfMigrated } from "./etcd-errors.ts";
import type { KeySpace } from "./key-space.ts";
import type { TxnRequest } from "./messages.ts";
import { RANGE, TXN } from "./methods.ts";

const FORMAT = 1;
const STATES: readonly unknown[] = ["importing", "imported", "ready"];
const IS_EQUAL = 0;
const MOD_REVISION = 2;

/** What a store in etcd keeps about itself, under its prefix as a key of its own. Stores that began in etcd have none. */
export interface StoreRecord {
  /**
   * `importing`: a migration is under way, or was cut off; what lies there is not whole. `imported`: it is whole, and nobody has used
   * it yet.
   */
  state: "importing" | "imported" | "ready";
  revisionOffset: number;
}

export interface FoundRecord {
  record: StoreRecord | undefined;
  /** etcd's revision of the record, 0 where there is none. */
  modRevision: number;
}

export async function readStoreRecord(connection: EtcdConnection, keys: KeySpace): Promise<FoundRecord> {
  const key = keys.recordKey;
  if (!key) return { record: undefined, modRevision: 0 };
  const { kvs } = await connection.request(RANGE, { key });
  const found = kvs[0];
  if (!found) return { record: undefined, modRevision: 0 };
  return { record: decodeRecord(found.value, keys.name), modRevision: found.mod_revision };
}

/** The record of a store that is whole. Throws Unavailable (`Store.HalfMigrated`). */
export async function readWholeStoreRecord(connection: EtcdConnection, keys: KeySpace): Promise<FoundRecord> {
  const found = await readStoreRecord(connection, keys);
  if (found.record?.state === "importing") throw halfMigrated(keys.name, keys.prefix);
  return found;
}

/** Takes a store into use; returns its revision offset. From then on no migration takes it for its own unfinished work. */
export async function useStore(connection: EtcdConnection, keys: KeySpace): Promise<number> {
  for (;;) {
    const { record, modRevision } = await readWholeStoreRecord(connection, keys);
    if (record?.state !== "imported") return record?.revisionOffset ?? 0;
    const put = putOf(keys, { ...record, state: "ready" });
    // When somebody else was faster, it is read again.
    if (await transactWhileRecord(connection, keys, modRevision, [put])) return record.revisionOffset;
  }
}

export type RequestOps = NonNullable<protobuf.Outgoing<typeof TxnRequest>["success"]>;

/** Writes, if the record is still the one of that revision; returns the revision of the writes, undefined if it is not. */
export async function transactWhileRecord(
  connection: EtcdConnection,
  keys: KeySpace,
  recordRevision: number,
  success: RequestOps,
): Promise<number | undefined> {
  const isSame = {
    key: keys.recordKey!,
    result: IS_EQUAL,
    target: MOD_REVISION,
    mod_revision: recordRevision,
  };
  const { succeeded, header } = await connection.request(TXN, { compare: [isSame], success });
  return succeeded ? header!.revision : undefined;
}

export function putOf(keys: KeySpace, record: StoreRecord): RequestOps[number] {
  const value = Buffer.from(JSON.stringify({ format: FORMAT, ...record }));
  return { request_put: { key: keys.recordKey!, value } };
}

function decodeRecord(value: Uint8Array, name: string): StoreRecord {
  const { format, state, revisionOffset } = parsed(value);
  if (typeof format === "number" && format > FORMAT) throw newerFormat(name, format, FORMAT);
  const isKnown = format === FORMAT && STATES.includes(state);
  if (!isKnown || !Number.isSafeInteger(revisionOffset) || (revisionOffset as number) < 0)
    throw corrupt(`what the store in ${name} keeps about itself cannot be read`, { name });
  return { state: state as StoreRecord["state"], revisionOffset: revisionOffset as number };
}

function parsed(value: Uint8Array): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(value).toString()));
  } catch {
    return {};
  }
}
