import { GantryError } from "../../../base/index.ts";
import { aggregateText } from "../../api/index.ts";

/** Between values as they are used and as they lie in the store. `place` is the key: a value is valid there only. */
export interface ValueTransformer {
  toStore(plain: Uint8Array, place: string): Uint8Array;
  /** Throws where it cannot be read. Stale: a write would now store it in another form. */
  fromStore(stored: Uint8Array, place: string): { plain: Uint8Array; isStale: boolean };
}

/** What begins with a text that tells which transformer wrote it. */
export interface PrefixedTransformer {
  /** Empty: what others have not written. */
  prefix: string;
  transformer: ValueTransformer;
}

/** All that is encrypted begins so. */
export const ENCRYPTED = Buffer.from("k8s:enc:");

/** The first writes; whoever has written a value reads it (apiserver's storage/value prefixTransformers). */
export class PrefixTransformers implements ValueTransformer {
  readonly #all: readonly { prefix: Buffer; transformer: ValueTransformer }[];

  constructor(all: readonly PrefixedTransformer[]) {
    this.#all = all.map(({ prefix, transformer }) => ({ prefix: Buffer.from(prefix), transformer }));
  }

  toStore(plain: Uint8Array, place: string): Uint8Array {
    const { prefix, transformer } = this.#all[0]!;
    const stored = transformer.toStore(plain, place);
    return prefix.length === 0 ? stored : Buffer.concat([prefix, stored]);
  }

  fromStore(stored: Uint8Array, place: string): { plain: Uint8Array; isStale: boolean } {
    const errors: string[] = [];
    for (const [index, { prefix, transformer }] of this.#all.entries()) {
      if (!startsWith(stored, prefix)) continue;
      try {
        const { plain, isStale } = transformer.fromStore(stored.subarray(prefix.length), place);
        return { plain, isStale: isStale || index > 0 };
      } catch (error) {
        // Of what is encrypted plain text says nothing; another one's keys may fit.
        if (prefix.length > 0) errors.push((error as Error).message);
      }
    }
    throw new GantryError("DataLoss", errors.length > 0 ? aggregateText(errors) : "no matching prefix found");
  }
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}

/** Plain values; encrypted ones are not taken for such. */
export const identity: ValueTransformer = {
  toStore: (plain) => plain,
  fromStore(stored) {
    if (startsWith(stored, ENCRYPTED))
      throw new GantryError("DataLoss", "identity transformer tried to read encrypted data");
    return { plain: stored, isStale: false };
  },
};
