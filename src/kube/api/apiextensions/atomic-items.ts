import type { JsonSchema } from "../custom/json-schema.ts";

/** A list is atomic, and an object is not, unless it says otherwise. */
export function isAtomic(schema: JsonSchema): boolean {
  if (schema.type === "array") return (schema["x-kubernetes-list-type"] ?? "atomic") === "atomic";
  return schema.type !== "object" || schema["x-kubernetes-map-type"] === "atomic";
}
