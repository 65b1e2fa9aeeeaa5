import { compareKeys } from "../key-order.ts";
import { prefixEnd } from "../record-codec.ts";
import type { KeyValue } from "../types.ts";
import type { EtcdKeyValue } from "./messages.ts";

/** A range of etcd's keys: one key, or all from `key` up to before `range_end`. */
export interface EtcdRange {
  key: Uint8Array;
  range_end?: Uint8Array;
}

/** As a key it is the lowest one, as an end it means that there is none. */
const NUL = Buffer.from([0]);

export const EVERYTHING: EtcdRange = { key: NUL, range_end: NUL };

/** The store's keys as a part of etcd's: all have one prefix there. */
export class KeySpace {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  key(key: string): Uint8Array {
    return Buffer.from(this.#prefix + key);
  }

  withPrefix(prefix: string, startAfter?: string): EtcdRange {
    const from = this.#prefix + prefix;
    const end = prefixEnd(from) ?? NUL;
    if (startAfter !== undefined && compareKeys(startAfter, prefix) >= 0) {
      return { key: Buffer.from(`${this.#prefix}${startAfter}\0`), range_end: end };
    }
    return { key: from === "" ? NUL : Buffer.from(from), range_end: end };
  }

  /** The store's own name of one of etcd's keys; undefined for keys of others. */
  ownKey(key: string): string | undefined {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  /** A copy: what was received in one piece is not kept as long as the last of its values. */
  toKeyValue(kv: EtcdKeyValue): KeyValue {
    return {
      key: kv.key.slice(this.#prefix.length),
      value: Buffer.from(kv.value),
      createRevision: kv.create_revision,
      modRevision: kv.mod_revision,
      version: kv.version,
      lease: kv.lease,
    };
  }
}
