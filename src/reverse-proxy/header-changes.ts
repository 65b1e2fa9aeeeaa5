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
    if (before === undefined) headers[key] = value;
    // Cookies are not joined: each stands in a header of its own (RFC 6265 §3).
    else if (key === "set-cookie") headers[key] = [...[before].flat().map(String), value];
    else headers[key] = `${[before].flat().join(", ")}, ${value}`;
  }
  for (const name of remove) delete headers[name.toLowerCase()];
}
