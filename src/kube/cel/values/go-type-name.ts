import { CelType } from "../types/cel-type.ts";
import { CelDuration, CelTimestamp } from "./time.ts";
import { CelUint } from "./uint.ts";
import { CelOptional, type CelValue } from "./value.ts";

const PRIMITIVES: Record<string, string> = {
  boolean: "types.Bool",
  bigint: "types.Int",
  number: "types.Double",
  string: "types.String",
};

/** The name of cel-go's own type for a value, which some of its messages show. */
export function goTypeName(value: CelValue): string {
  const primitive = PRIMITIVES[typeof value];
  if (primitive !== undefined) return primitive;
  if (value === null) return "types.Null";
  if (value instanceof CelUint) return "types.Uint";
  if (value instanceof Uint8Array) return "types.Bytes";
  if (value instanceof CelTimestamp) return "types.Timestamp";
  if (value instanceof CelDuration) return "types.Duration";
  if (value instanceof CelType) return "*types.Type";
  return value instanceof CelOptional ? "*types.Optional" : "ref.Val";
}
