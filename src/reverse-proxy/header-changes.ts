import type { OutgoingHttpHeaders } from "node:http";
import type { HeaderChanges } from "./types.ts";

/** Changes headers in place, whose names are in lower case. */
export function changeHeaders(
  headers: OutgoingHttpHeaders,
  { set = [], add = [], remove = [] }: HeaderChanges,
): void {
  for (const { name, value } of set) headers[name.toLowerCase()] = value;
  for (const { name, value } of add) {
    const key = name.toLowerCase();
    const before = headers[key];
    // As a line of its own beside those that are there, which means the same as a list (RFC 9110 §5.2).
    headers[key] = before === undefined ? value : [...[before].flat().map(String), value];
  }
  for (const name of remove) delete headers[name.toLowerCase()];
}
