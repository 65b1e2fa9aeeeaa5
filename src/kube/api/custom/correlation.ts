import { isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { type MapList, mapListOf } from "./map-list.ts";
import { fieldSchema, type StructuralSchema } from "./structural-schema.ts";

/**
 * A value and what stood in its place before an update, as far as the schema lets that be told (apiserver cel/common
 * CorrelatedObject). What is unchanged is found out once for each place.
 */
export class Correlation {
  readonly value: unknown;
  readonly #previous: unknown;
  readonly #schema: StructuralSchema;
  readonly #children = new Map<string | number, Correlation | undefined>();
  #mapList: MapList | undefined;
  #unchanged: boolean | undefined;

  constructor(value: unknown, previous: unknown, schema: StructuralSchema) {
    this.value = value;
    this.#previous = previous;
    this.#schema = schema;
  }

  /** The field, where both the value and its predecessor have it, and the schema knows of it. */
  field(name: string): Correlation | undefined {
    if (!this.#children.has(name)) this.#children.set(name, this.#findField(name));
    return this.#children.get(name);
  }

  /** The item, where the list is one of type `map` that had one of the same keys. */
  item(index: number): Correlation | undefined {
    if (!this.#children.has(index)) this.#children.set(index, this.#findItem(index));
    return this.#children.get(index);
  }

  get isUnchanged(): boolean {
    this.#unchanged ??= this.#compare();
    return this.#unchanged;
  }

  #findField(name: string): Correlation | undefined {
    if (!isJsonObject(this.value) || !isJsonObject(this.#previous)) return undefined;
    if (!Object.hasOwn(this.value, name) || !Object.hasOwn(this.#previous, name)) return undefined;
    const schema = fieldSchema(this.#schema, name);
    return schema && new Correlation(this.value[name], this.#previous[name], schema);
  }

  #findItem(index: number): Correlation | undefined {
    if (!Array.isArray(this.value) || !Array.isArray(this.#previous) || index >= this.value.length)
      return undefined;
    if (this.#schema.listType !== "map" || this.#schema.items === undefined) return undefined;
    this.#mapList ??= mapListOf(this.#schema, this.#previous);
    const previous = this.#mapList.get(this.value[index]);
    return previous === undefined
      ? undefined
      : new Correlation(this.value[index], previous, this.#schema.items);
  }

  #compare(): boolean {
    const { value } = this;
    const previous = this.#previous ?? null;
    if (Array.isArray(value) && Array.isArray(previous) && this.#schema.listType === "map") {
      // Items in another order are the same ones.
      return (
        value.length === previous.length && value.every((_, index) => this.item(index)?.isUnchanged ?? false)
      );
    }
    if (isJsonObject(value) && isJsonObject(previous)) {
      const names = Object.keys(value);
      return (
        names.length === Object.keys(previous).length &&
        names.every((name) => this.field(name)?.isUnchanged ?? false)
      );
    }
    return jsonEquals(value ?? null, previous);
  }
}
