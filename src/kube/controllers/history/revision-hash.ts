import { safeEncodeSuffix } from "../../../base/index.ts";
import { goJson } from "../../api/index.ts";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1, 32 bits (Go's hash/fnv New32). */
function fnv32(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (const byte of bytes) hash = (Math.imul(hash, FNV_PRIME) ^ byte) >>> 0;
  return hash;
}

/** A short name of what a revision keeps; `collisionCount` makes another one when two share it (HashControllerRevision). */
export function revisionHash(data: unknown, collisionCount: number): string {
  return safeEncodeSuffix(String(fnv32(Buffer.from(`${goJson(data)}${collisionCount}`))));
}

/** A name has at most 253 characters, of which the hash takes up to 30. */
const MAX_PREFIX = 223;

export function revisionName(ownerName: string, hash: string): string {
  return `${ownerName.slice(0, MAX_PREFIX)}-${hash}`;
}
