import { CelError } from "./cel-error.ts";
import { CelUint } from "./uint.ts";
import { CelList, CelMap, type CelValue, type Result } from "./value.ts";

/** A list of values at hand. */
export class ValueList extends CelList {
  readonly values: readonly CelValue[];

  constructor(values: readonly CelValue[]) {
    super();
    this.values = values;
  }

  get size(): number {
    return this.values.length;
  }

  at(index: number): CelValue {
    return this.values[index]!;
  }
}

/** A list that one comprehension alone appends to. It is never seen before it is complete. */
export class GrowingList extends CelList {
  readonly #values: CelValue[] = [];

  get size(): number {
    return this.#values.length;
  }

  at(index: number): CelValue {
    return this.#values[index]!;
  }

  append(list: CelList): CelError | undefined {
    for (const value of list) {
      if (value instanceof CelError) return value;
      this.#values.push(value);
    }
    return undefined;
  }

  toList(): CelList {
    return new ValueList(this.#values);
  }
}

/** Keys that are equal have the same text: ints, uints and whole doubles are one. */
export function keyText(key: CelValue): string | undefined {
  switch (typeof key) {
    case "string":
      return `s${key}`;
    case "bigint":
      return `n${key}`;
    case "boolean":
      return `b${key}`;
    case "number":
      return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`;
  }
  if (key === null) return "null";
  return key instanceof CelUint ? `n${key.value}` : undefined;
}

/** A map of values at hand. */
export class ValueMap extends CelMap {
  readonly #entries = new Map<string, [key: CelValue, value: CelValue]>();

  constructor(entries: Iterable<[CelValue, CelValue]> = []) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: CelValue): boolean {
    const text = keyText(key);
    return text !== undefined && this.#entries.has(text);
  }

  /** For whoever fills the map; answers an error where the key can be none. */
  set(key: CelValue, value: CelValue): CelError | undefined {
    const text = keyText(key);
    if (text === undefined) return new CelError("unsupported key type");
    this.#entries.set(text, [key, value]);
    return undefined;
  }

  delete(key: CelValue): void {
    const text = keyText(key);
    if (text !== undefined) this.#entries.delete(text);
  }

  find(key: CelValue): Result | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }

  *keys(): Generator<CelValue> {
    for (const [key] of this.#entries.values()) yield key;
  }
}

/** A map that one comprehension alone inserts into. */
export class GrowingMap extends ValueMap {}
