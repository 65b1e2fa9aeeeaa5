import { CelList, CelMap, type CelValue, type Result } from "./value.ts";

/** JSON data of which no schema is known: whole numbers are ints, others doubles. */
export function jsonValue(data: unknown): CelValue {
  switch (typeof data) {
    case "string":
    case "boolean":
    case "bigint":
      return data;
    case "number":
      return Number.isInteger(data) ? BigInt(data) : data;
  }
  if (Array.isArray(data)) return new JsonList(data);
  return data === null || data === undefined ? null : new JsonMap(data as Record<string, unknown>);
}

class JsonList extends CelList {
  readonly #data: readonly unknown[];

  constructor(data: readonly unknown[]) {
    super();
    this.#data = data;
  }

  get size(): number {
    return this.#data.length;
  }

  at(index: number): CelValue {
    return jsonValue(this.#data[index]);
  }
}

class JsonMap extends CelMap {
  readonly #data: Readonly<Record<string, unknown>>;

  constructor(data: Readonly<Record<string, unknown>>) {
    super();
    this.#data = data;
  }

  get size(): number {
    return Object.keys(this.#data).length;
  }

  find(key: CelValue): Result | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.#data, key)) return undefined;
    return jsonValue(this.#data[key]);
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.#data);
  }
}
