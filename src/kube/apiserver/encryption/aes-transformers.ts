import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { ValueTransformer } from "./value-transformer.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const TOO_SHORT = "the stored data was shorter than the required size";

/** AES in Galois/counter mode: nonce, ciphertext, tag; the key in the store is authenticated along (storage/value/encrypt/aes). */
export function aesGcm(key: Buffer): ValueTransformer {
  const algorithm = `aes-${key.length * 8}-gcm` as "aes-256-gcm";
  return {
    toStore(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    fromStore(stored, place) {
      if (stored.length < NONCE_BYTES + TAG_BYTES) throw new Error(TOO_SHORT);
      const decipher = createDecipheriv(algorithm, key, stored.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(place)).setAuthTag(stored.subarray(-TAG_BYTES));
      const start = decipher.update(stored.subarray(NONCE_BYTES, -TAG_BYTES));
      try {
        return { plain: Buffer.concat([start, decipher.final()]), isStale: false };
      } catch (cause) {
        throw new Error("cipher: message authentication failed", { cause });
      }
    },
  };
}

/** AES in cipher block chaining, padded as PKCS #7 has it: initialization vector, ciphertext. */
export function aesCbc(key: Buffer): ValueTransformer {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    toStore(plain) {
      const vector = randomBytes(BLOCK_BYTES);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    fromStore(stored) {
      if (stored.length < BLOCK_BYTES) throw new Error(TOO_SHORT);
      if (stored.length % BLOCK_BYTES !== 0)
        throw new Error("the stored data is not a multiple of the block size");
      const decipher = createDecipheriv(algorithm, key, stored.subarray(0, BLOCK_BYTES));
      const start = decipher.update(stored.subarray(BLOCK_BYTES));
      try {
        return { plain: Buffer.concat([start, decipher.final()]), isStale: false };
      } catch (cause) {
        throw new Error("invalid padding on input", { cause });
      }
    },
  };
}
