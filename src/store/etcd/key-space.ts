import { compareKeys } from "../embedded/key-order.ts";
import { prefixEnd } from "../embedded/record-codec.ts";
import type { KeyValue } from "../types.ts";
import type { EtcdKeyValue } from "./messages.ts";
import { RevisionOffset } from "./revision-offset.ts";

/** A range of etcd's keys: one key, or all from `key` up to before `range_end`. */
export interface EtcdRange {
  key: Uint8Array;
  range_end?: Uint8Array;
}

/** As a key it is the lowest one, as an end it means that there is none. */
const NUL = Buffer.from([0]);

export const EVERYTHING: EtcdRange = { key: NUL, range_end: NUL };

/** The store's keys and revisions as a part of etcd's: all keys have one prefix there, and all revisions one offset. */
export class KeySpace {
  readonly prefix: string;
  readonly offset: RevisionOffset;

  constructor(prefix: string, offset = 0) {
    this.prefix = prefix;
    this.offset = new RevisionOffset(offset);
  }

  /** As messages name it. */
  get name(): string {
    return `etcd under "${this.prefix}"`;
  }

  /**
   * Where the store keeps what it has to know of itself: the prefix alone, which is no key of the store's since those have at least
   * one byte, and lies in the range that the store's user may write. A store without a prefix has no such place.
   */
  get recordKey(): Uint8Array | undefined {
    return this.prefix === "" ? undefined : Buffer.from(this.prefix);
  }

  key(key: string): Uint8Array {
    return Buffer.from(this.prefix + key);
  }

  withPrefix(prefix: string, startAfter?: string): EtcdRange {
    const from = this.prefix + prefix;
    const end = prefixEnd(from) ?? NUL;
    if (startAfter !== undefined && compareKeys(startAfter, prefix) >= 0) {
      return { key: Buffer.from(`${this.prefix}${startAfter}\0`), range_end: end };
    }
    // The lowest key with one byte: not the record, and not the empty key, which etcd does not take.
    return { key: Buffer.from(prefix === "" ? `${from}\0` : from), range_end: end };
  }

  /** The store's own name of one of etcd's keys; undefined for keys of others and for the record. */
  ownKey(key: string): string | undefined {
    return key.length > this.prefix.length && key.startsWith(this.prefix)
      ? key.slice(this.prefix.length)
      : undefined;
  }

  /** A copy: what was received in one piece is not kept as long as the last of its values. */
  toKeyValue(kv: EtcdKeyValue): KeyValue {
    return {
      key: kv.key.slice(this.prefix.length),
      value: Buffer.from(kv.value),
      createRevision: this.offset.shown(kv.create_revision),
      modRevision: this.offset.shown(kv.mod_revision),
      version: kv.version,
      lease: kv.lease,
    };
  }
}
