import { type Field, type GoType, goName, type StructType, zeroOf } from "./go-types.ts";
import { invalidJson, type JsonNode, Members, NumberLiteral } from "./json-text.ts";

/** A decoded struct: the fields that the body names, under their own names; null only where Go has nil. */
export type Decoded = Record<string, unknown>;

/**
 * Fills a struct from a value as Go's encoding/json does: keys in any case, unknown keys dropped, the later of two wins,
 * null leaves plain fields as they are. What does not fit is skipped, and the first of it is told at the end.
 */
export function decodeStruct(type: StructType, node: JsonNode): Decoded {
  return decodeValue(type, node) as Decoded;
}

/** As `decodeStruct`, of any type. */
export function decodeValue(type: GoType, node: JsonNode): unknown {
  const decoder = new Decoder();
  const value = decoder.decode(type, node);
  decoder.finish();
  return value === UNCHANGED ? zeroOf(type) : value;
}

/** Null for a field that cannot be null, or a value of another type. */
const UNCHANGED = Symbol("unchanged");

class Decoder {
  #firstProblem: Error | undefined;
  /** Where in the structs the value stands, for the message. */
  #struct = "";
  #path: readonly string[] = [];

  finish(): void {
    if (this.#firstProblem) throw this.#firstProblem;
  }

  decode(type: GoType, node: JsonNode): unknown {
    if (type.kind === "words") return this.#words(node);
    if (node === null) return isNullable(type) ? null : UNCHANGED;
    if (type.kind === "pointer") return this.#orZero(this.decode(type.element, node), type.element);
    if (typeof node === "boolean") return type.kind === "bool" ? node : this.#misfit("bool", type);
    if (typeof node === "string") return type.kind === "string" ? node : this.#misfit("string", type);
    if (node instanceof NumberLiteral) return this.#number(type, node.text);
    if (node instanceof Members) return this.#object(type, node);
    return this.#list(type, node);
  }

  #orZero(value: unknown, type: GoType): unknown {
    return value === UNCHANGED ? zeroOf(type) : value;
  }

  #number(type: GoType, text: string): unknown {
    if (type.kind !== "integer") return this.#misfit("number", type);
    const value = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    if (
      value === undefined ||
      value < type.minimum ||
      value > type.maximum ||
      (text[0] === "-" && type.minimum === 0n)
    ) {
      return this.#misfit(`number ${text}`, type);
    }
    return Number(value);
  }

  #object(type: GoType, node: Members): unknown {
    if (type.kind === "map") return this.#map(type.element, node);
    if (type.kind !== "struct") return this.#misfit("object", type);
    const result: Decoded = {};
    for (const [key, value] of node.entries) {
      const field = type.find(key);
      if (!field) continue;
      const before = result[field.name];
      const given = this.#within(type, field, () => this.decode(field.type, value));
      const decoded = given === UNCHANGED ? (before ?? zeroOf(field.type)) : given;
      // Two objects for one struct or map fill the same one.
      const isMerged = isFilled(field.type) && isPlainObject(decoded) && isPlainObject(before);
      result[field.name] = isMerged ? { ...before, ...decoded } : decoded;
    }
    return result;
  }

  #map(element: GoType, node: Members): Decoded {
    const result: Decoded = {};
    for (const [key, value] of node.entries) {
      // The one key that would not become a member where maps are copied.
      if (key === "__proto__") throw invalidJson("the key __proto__ is not allowed");
      result[key] = completed(element, this.#orZero(this.decode(element, value), element));
    }
    return result;
  }

  #list(type: GoType, node: readonly JsonNode[]): unknown {
    if (type.kind !== "slice" && type.kind !== "array") return this.#misfit("array", type);
    const items = node.map((item) =>
      completed(type.element, this.#orZero(this.decode(type.element, item), type.element)),
    );
    // A pointer in a list that points to nothing: dockerd breaks on those.
    if (type.kind === "slice")
      return type.element.kind === "pointer" ? items.filter((item) => item !== null) : items;
    const missing = Math.max(0, type.length - items.length);
    const rest = Array.from({ length: missing }, () => zeroOf(type.element));
    return [...items.slice(0, type.length), ...rest];
  }

  /** strslice decodes by itself: what does not fit ends the decoding, and the last attempt was for one word. */
  #words(node: JsonNode): string[] | null {
    if (node === null) return null;
    if (typeof node === "string") return [node];
    if (Array.isArray(node) && node.every((item) => item === null || typeof item === "string")) {
      return node.map((item) => (item as string | null) ?? "");
    }
    throw this.#problem(kindOf(node), "string");
  }

  #within(type: StructType, field: Field, decode: () => unknown): unknown {
    const [struct, path] = [this.#struct, this.#path];
    this.#struct = type.go.slice(type.go.indexOf(".") + 1);
    this.#path = [...path, ...field.embeddedIn, field.name];
    const value = decode();
    [this.#struct, this.#path] = [struct, path];
    return value;
  }

  #misfit(value: string, type: GoType): typeof UNCHANGED {
    this.#firstProblem ??= this.#problem(value, goName(type));
    return UNCHANGED;
  }

  #problem(value: string, type: string): Error {
    const target =
      this.#path.length === 0 ? "Go value" : `Go struct field ${[this.#struct, ...this.#path].join(".")}`;
    return invalidJson(`json: cannot unmarshal ${value} into ${target} of type ${type}`);
  }
}

/**
 * What stands in a list or a map is there as a whole: the plain fields that its body leaves out are zero. Where the struct
 * itself may be left out, so may its fields.
 */
function completed(type: GoType, value: unknown): unknown {
  if (type.kind === "pointer") return completed(type.element, value);
  if (type.kind !== "struct" || !isPlainObject(value)) return value;
  const plain = type.fields.filter((field) => ["string", "bool", "integer"].includes(field.type.kind));
  return { ...Object.fromEntries(plain.map((field) => [field.name, zeroOf(field.type)])), ...value };
}

const isNullable = ({ kind }: GoType) => kind === "pointer" || kind === "slice" || kind === "map";

const isFilled = (type: GoType): boolean =>
  type.kind === "struct" || type.kind === "map" || (type.kind === "pointer" && isFilled(type.element));

const isPlainObject = (value: unknown): value is Decoded =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function kindOf(node: JsonNode): string {
  if (node instanceof NumberLiteral) return "number";
  if (node instanceof Members) return "object";
  return Array.isArray(node)
    ? "array"
    : node === null
      ? "null"
      : typeof node === "boolean"
        ? "bool"
        : "string";
}
