import { createHash, randomBytes, randomUUID } from "node:crypto";

/** 64 lower-case hex digits: the form of Docker's container and network ids. */
export function newHexId(): string {
  return randomBytes(32).toString("hex");
}

/** RFC 4122 version 4: the form of Kubernetes UIDs. */
export function newUid(): string {
  return randomUUID();
}

/** Kubernetes' alphabet for generated name suffixes: no vowels, no 0, 1, 3 (apimachinery util/rand). */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A random suffix of Kubernetes' generated names. */
export function randomSuffix(length = 5): string {
  let out = "";
  for (const byte of randomBytes(length)) out += SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length];
  return out;
}

/** Maps a text's characters onto the suffix alphabet (apimachinery rand.SafeEncodeString). */
export function safeEncodeSuffix(text: string): string {
  let out = "";
  for (const char of text) out += SUFFIX_ALPHABET[char.charCodeAt(0) % SUFFIX_ALPHABET.length];
  return out;
}

/** A short stable id of a text: `length` hex digits of its SHA-256. */
export function shortHash(text: string, length = 8): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
