import { Buffer } from "node:buffer";

const MAX_BYTES = 128;
/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and of all spaces the ASCII one. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Who a request that names no field manager is taken for: the product of its User-Agent, `kubectl` of `kubectl/v1.33`. */
export function defaultManager(userAgent: string): string {
  let manager = "";
  for (const char of userAgent.split("/")[0]!) {
    if (!PRINTABLE.test(char)) continue;
    if (Buffer.byteLength(manager) + Buffer.byteLength(char) > MAX_BYTES) break;
    manager += char;
  }
  return manager;
}
