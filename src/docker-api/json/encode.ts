import { type GoType, type StructType, zeroOf } from "./go-types.ts";

/**
 * A struct as Go writes it: every field in its order, those never set with their zero value, null where Go has nil, and
 * without the empty ones that are marked so. What the table does not know is left out.
 */
export function encodeStruct(type: StructType, value: object): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { name, type: fieldType, omitEmpty } of type.fields) {
    const encoded = encode(fieldType, (value as Record<string, unknown>)[name]);
    if (!omitEmpty || !isEmpty(fieldType, encoded)) result[name] = encoded;
  }
  return result;
}

function encode(type: GoType, value: unknown): unknown {
  const present = value ?? zeroOf(type);
  if (present === null || present === undefined) return null;
  switch (type.kind) {
    case "pointer":
      return encode(type.element, present);
    case "slice":
    case "array":
      return (present as unknown[]).map((item) => encode(type.element, item));
    case "map":
      return encodeMap(type.element, present);
    case "struct":
      return encodeStruct(type, present);
    default:
      return present;
  }
}

/** Keys sorted, as Go writes maps. */
function encodeMap(element: GoType, value: object): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, item]) => [key, encode(element, item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go's `omitempty`: a struct is never empty, what a pointer points to may be. */
function isEmpty(type: GoType, value: unknown): boolean {
  switch (type.kind) {
    case "pointer":
      return value === null;
    case "struct":
      return false;
    case "array":
      return type.length === 0;
    case "slice":
    case "words":
      return value === null || (value as unknown[]).length === 0;
    case "map":
      return value === null || Object.keys(value as object).length === 0;
    default:
      return value === "" || value === false || value === 0;
  }
}
