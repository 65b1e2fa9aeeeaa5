import { invalidArgument } from "../../base/index.ts";
import type { TypedAttributes } from "../types.ts";
import { csvFields, csvPairs } from "./csv-fields.ts";

/** `--cache-from`, `--cache-to`: `type=TYPE[,KEY=VALUE]`, or references of images alone (buildx, ParseCacheEntry). */
export function parseCaches(texts: readonly string[]): TypedAttributes[] {
  return texts.filter((text) => text !== "").flatMap(parseCache);
}

function parseCache(text: string): TypedAttributes[] {
  if (!text.includes("=")) return csvFields(text).map((ref) => ({ type: "registry", attributes: { ref } }));
  const attributes: Record<string, string> = {};
  let type = "";
  for (const [key, value] of csvPairs(text, (field) => `invalid value ${field}`)) {
    if (key === "type") type = value;
    else attributes[key] = value;
  }
  if (type === "") throw invalidArgument(`type required for ${JSON.stringify(text)}`);
  return [{ type, attributes }];
}
