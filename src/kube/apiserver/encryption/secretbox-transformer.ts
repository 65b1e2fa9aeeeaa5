import { randomBytes } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import type { ValueTransformer } from "./value-transformer.ts";

const NONCE_BYTES = 24;

/** XSalsa20 with Poly1305, as NaCl's secretbox: nonce, tag and ciphertext (storage/value/encrypt/secretbox). */
export function secretbox(key: Buffer): ValueTransformer {
  return {
    toStore(plain) {
      const nonce = randomBytes(NONCE_BYTES);
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)]);
    },
    fromStore(stored) {
      if (stored.length < NONCE_BYTES) throw new Error("the stored data was shorter than the required size");
      const box = xsalsa20poly1305(key, stored.subarray(0, NONCE_BYTES));
      try {
        return { plain: Buffer.from(box.decrypt(stored.subarray(NONCE_BYTES))), isStale: false };
      } catch (cause) {
        throw new Error("the stored data was corrupted", { cause });
      }
    },
  };
}
