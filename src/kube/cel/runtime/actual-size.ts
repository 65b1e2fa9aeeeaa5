import type { Result } from "../values/value.ts";
import { CelList, CelMap, CelObject, CelOptional } from "../values/value.ts";

/** Code points of a text. */
export function textSize(text: string): number {
  let size = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && at + 1 < text.length) {
      size--;
      at++;
    }
  }
  return size;
}

/** What costs take for the size of a value: characters, bytes, elements, entries; 1 of what has no size. */
export function actualSize(value: Result): number {
  if (typeof value === "string") return textSize(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof CelObject) return value.costSize ?? 1;
  return value instanceof CelOptional && value.value !== undefined ? actualSize(value.value) : 1;
}
