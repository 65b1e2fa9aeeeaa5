import { Buffer } from "node:buffer";
import { isPrintable } from "../go-print.ts";

const MAX_BYTES = 128;

/** Who a request that names no field manager is taken for: the product of its User-Agent, `kubectl` of `kubectl/v1.33`. */
export function defaultManager(userAgent: string): string {
  let manager = "";
  for (const char of userAgent.split("/")[0]!) {
    if (!isPrintable(char)) continue;
    if (Buffer.byteLength(manager) + Buffer.byteLength(char) > MAX_BYTES) break;
    manager += char;
  }
  return manager;
}
