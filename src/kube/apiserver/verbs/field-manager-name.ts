import type { ResourceCall } from "../server-context.ts";

const LIMIT = 128;

/** Whose the fields are that a request writes: who it says, or what program sends it (handlers.managerOrUserAgent). */
export function fieldManagerName({ query, userAgent }: Pick<ResourceCall, "query" | "userAgent">): string {
  if (query.fieldManager) return query.fieldManager;
  const program = userAgent.split("/", 1)[0]!;
  // What Go's unicode.IsPrint takes for something to see.
  const printable = [...program].filter((char) => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char));
  let name = "";
  for (const char of printable) {
    if (Buffer.byteLength(name + char) > LIMIT) break;
    name += char;
  }
  return name;
}
