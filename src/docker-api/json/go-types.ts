/**
 * Types of Go's API structs as far as JSON sees them: how a body is decoded and an answer is written follows from one
 * table (`request-types.ts`). `go` is the type's name in Go's messages.
 */
export type GoType =
  | { kind: "string"; go: string }
  | { kind: "bool"; go: "bool" }
  | { kind: "integer"; go: string; minimum: bigint; maximum: bigint }
  | { kind: "pointer"; element: GoType }
  | { kind: "slice"; go: string; element: GoType }
  | { kind: "array"; go: string; element: GoType; length: number }
  | { kind: "map"; go: string; element: GoType }
  /** A list of words for which one word may stand (strslice.StrSlice). */
  | { kind: "words" }
  | StructType;

export interface StructType {
  kind: "struct";
  /** With its package: `container.HostConfig`. */
  go: string;
  fields: readonly Field[];
  /** Whom a key means: by the exact name, else by the name in any case. */
  find(key: string): Field | undefined;
}

export interface Field {
  name: string;
  type: GoType;
  /** Names of the structs that the field comes from by embedding, outermost first. */
  embeddedIn: readonly string[];
  /** Left out of answers where it is empty. */
  omitEmpty: boolean;
}

type FieldSpecification = GoType | { omitEmpty: GoType } | { embedded: StructType };

export const string: GoType = { kind: "string", go: "string" };
export const bool: GoType = { kind: "bool", go: "bool" };
export const words: GoType = { kind: "words" };

export const named = (go: string): GoType => ({ kind: "string", go });

export const integer = (go: string, bits: number): GoType => ({
  kind: "integer",
  go,
  minimum: -(1n << BigInt(bits - 1)),
  maximum: (1n << BigInt(bits - 1)) - 1n,
});

export const unsigned = (go: string, bits: number): GoType => ({
  kind: "integer",
  go,
  minimum: 0n,
  maximum: (1n << BigInt(bits)) - 1n,
});

export const int = integer("int", 64);
export const int64 = integer("int64", 64);
export const uint = unsigned("uint", 64);
export const uint16 = unsigned("uint16", 16);
export const uint64 = unsigned("uint64", 64);

export const pointer = (element: GoType): GoType => ({ kind: "pointer", element });

export const slice = (element: GoType, go = `[]${goName(element)}`): GoType => ({
  kind: "slice",
  go,
  element,
});

export const array = (element: GoType, length: number): GoType => ({
  kind: "array",
  go: `[${length}]${goName(element)}`,
  element,
  length,
});

export const map = (element: GoType, go = `map[string]${goName(element)}`): GoType => ({
  kind: "map",
  go,
  element,
});

export const omitEmpty = (type: GoType) => ({ omitEmpty: type });
export const embedded = (type: StructType) => ({ embedded: type });

/** A struct by its fields in their order; an embedded one stands under its type's name. */
export function struct(go: string, specification: Record<string, FieldSpecification>): StructType {
  const fields = Object.entries(specification).flatMap(([name, field]) => fieldsOf(name, field));
  const exact = new Map(fields.map((field) => [field.name, field]));
  const folded = new Map(fields.map((field) => [field.name.toLowerCase(), field]));
  return { kind: "struct", go, fields, find: (key) => exact.get(key) ?? folded.get(key.toLowerCase()) };
}

function fieldsOf(name: string, specification: FieldSpecification): Field[] {
  if ("embedded" in specification) {
    const { fields } = specification.embedded;
    return fields.map((field) => ({ ...field, embeddedIn: [name, ...field.embeddedIn] }));
  }
  if ("omitEmpty" in specification) {
    return [{ name, type: specification.omitEmpty, embeddedIn: [], omitEmpty: true }];
  }
  return [{ name, type: specification, embeddedIn: [], omitEmpty: false }];
}

export function goName(type: GoType): string {
  if (type.kind === "pointer") return `*${goName(type.element)}`;
  return type.kind === "words" ? "strslice.StrSlice" : type.go;
}

/** What a field holds that was never set: null for what Go calls nil. */
export function zeroOf(type: GoType): unknown {
  switch (type.kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "integer":
      return 0;
    case "array":
      return Array.from({ length: type.length }, () => zeroOf(type.element));
    case "struct":
      return {};
    default:
      return null;
  }
}
