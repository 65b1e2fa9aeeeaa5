import { type CelError, isError } from "../values/cel-error.ts";
import { keyText } from "../values/collections.ts";
import { equals } from "../values/equality.ts";
import { CelUint } from "../values/uint.ts";
import { CelList, CelMap, type CelValue, type Result } from "../values/value.ts";
import type { CelSchema } from "./cel-schema.ts";
import { escapeProperty } from "./escape.ts";
import { type MakeValue, SchemaMap } from "./schema-map.ts";

/** A JSON array with the schema of its elements, which are made when they are asked for. */
export class SchemaList extends CelList {
  readonly data: readonly unknown[];
  protected readonly items: CelSchema;
  protected readonly makeValue: MakeValue;

  constructor(data: readonly unknown[], items: CelSchema, makeValue: MakeValue) {
    super();
    this.data = data;
    this.items = items;
    this.makeValue = makeValue;
  }

  get size(): number {
    return this.data.length;
  }

  at(index: number): Result {
    return this.makeValue(this.data[index], this.items);
  }
}

/** `x-kubernetes-list-type: set`: order says nothing, `+` unites. */
export class SchemaSetList extends SchemaList {
  override equalsList(other: CelList): boolean {
    if (this.size !== other.size) return false;
    const mine = new Set(Array.from(this, scalarKey));
    return Array.from(other, scalarKey).every((key) => mine.has(key));
  }

  override plus(other: CelList): CelList {
    const known = new Set(Array.from(this, scalarKey));
    const data = [...this.data];
    for (const element of other) {
      const key = scalarKey(element);
      if (known.has(key)) continue;
      known.add(key);
      data.push(plainData(element));
    }
    return new SchemaSetList(data, this.items, this.makeValue);
  }
}

/** `x-kubernetes-list-type: map`: order says nothing, `+` replaces the elements of the same keys and appends the others. */
export class SchemaMapList extends SchemaList {
  readonly #keys: readonly string[];

  constructor(data: readonly unknown[], items: CelSchema, makeValue: MakeValue, keys: readonly string[]) {
    super(data, items, makeValue);
    this.#keys = keys;
  }

  #keyOf(data: unknown): string {
    const properties = (data ?? {}) as Record<string, unknown>;
    return JSON.stringify(this.#keys.map((key) => properties[escapeProperty(key) ?? key] ?? null));
  }

  override equalsList(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    const mine = new Map(this.data.map((element) => [this.#keyOf(element), element]));
    for (const theirs of other) {
      if (isError(theirs)) return theirs;
      const element = mine.get(this.#keyOf(plainData(theirs)));
      if (element === undefined) return false;
      const value = this.makeValue(element, this.items);
      const isEqual = isError(value) ? value : equals(value, theirs);
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override plus(other: CelList): CelList {
    const data = [...this.data];
    const positions = new Map(data.map((element, at) => [this.#keyOf(element), at]));
    for (const element of other) {
      const added = plainData(element);
      const position = positions.get(this.#keyOf(added));
      if (position === undefined) data.push(added);
      else data[position] = added;
    }
    return new SchemaMapList(data, this.items, this.makeValue, this.#keys);
  }
}

/** Scalars that are equal have the same key. */
function scalarKey(value: Result): string {
  return (isError(value) ? undefined : keyText(value)) ?? JSON.stringify(plainData(value));
}

/** The JSON that a value stands for. */
export function plainData(value: Result): unknown {
  if (value instanceof SchemaMap || value instanceof SchemaList) return value.data;
  if (value instanceof CelList) return Array.from(value, plainData);
  if (value instanceof CelMap) return Object.fromEntries(plainEntries(value));
  if (value instanceof CelUint) return Number(value.value);
  return typeof value === "bigint" ? Number(value) : value;
}

function* plainEntries(map: CelMap): Generator<[string, unknown]> {
  for (const key of map.keys()) {
    const value = map.find(key);
    if (value !== undefined) yield [String(key as CelValue), plainData(value)];
  }
}
