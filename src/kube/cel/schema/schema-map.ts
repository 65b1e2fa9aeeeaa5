import { isDeepStrictEqual } from "node:util";
import { type CelError, isError, noSuchOverload } from "../values/cel-error.ts";
import { equals } from "../values/equality.ts";
import { CelMap, type CelValue, type Result } from "../values/value.ts";
import { type CelSchema, valueSchema } from "./cel-schema.ts";
import { escapeProperty, unescapeProperty } from "./escape.ts";

export type MakeValue = (data: unknown, schema: CelSchema) => Result;

/** A JSON object with its schema: fields by their escaped names, or a map from strings. Values are made when they are asked for. */
export class SchemaMap extends CelMap {
  readonly data: Readonly<Record<string, unknown>>;
  readonly #schema: CelSchema;
  readonly #makeValue: MakeValue;
  /** It has fields; otherwise its keys are data. */
  readonly #hasFields: boolean;

  constructor(data: Readonly<Record<string, unknown>>, schema: CelSchema, makeValue: MakeValue) {
    super();
    this.data = data;
    this.#schema = schema;
    this.#makeValue = makeValue;
    this.#hasFields = schema.properties !== undefined;
  }

  get size(): number {
    return Object.keys(this.data).length;
  }

  #schemaOf(property: string): CelSchema | undefined {
    const { properties } = this.#schema;
    if (properties !== undefined)
      return Object.hasOwn(properties, property) ? properties[property] : undefined;
    return valueSchema(this.#schema);
  }

  find(key: CelValue): Result | undefined {
    if (typeof key !== "string") return noSuchOverload();
    const property = this.#hasFields ? unescapeProperty(key) : key;
    if (property === undefined || !Object.hasOwn(this.data, property)) return undefined;
    // A nullable field that is null is one that is absent.
    if (this.#hasFields && this.data[property] === null) return undefined;
    const schema = this.#schemaOf(property);
    return schema && this.#makeValue(this.data[property], schema);
  }

  *keys(): Generator<CelValue> {
    for (const property of Object.keys(this.data)) {
      if (this.#schemaOf(property) === undefined) continue;
      yield this.#hasFields ? (escapeProperty(property) ?? property) : property;
    }
  }

  /** Fields that the schema does not know are compared as data. */
  override equalsMap(other: CelMap): boolean | CelError {
    if (this.size !== other.size) return false;
    for (const [property, data] of Object.entries(this.data)) {
      const schema = this.#schemaOf(property);
      const isEqual =
        schema === undefined
          ? equalsUnknown(property, data, other)
          : equalsKnown(this.#makeValue(data, schema), other.find(property));
      if (isEqual !== true) return isEqual;
    }
    return true;
  }
}

function equalsUnknown(property: string, data: unknown, other: CelMap): boolean | CelError {
  if (!(other instanceof SchemaMap)) return noSuchOverload();
  return !Object.hasOwn(other.data, property) || isDeepStrictEqual(data, other.data[property]);
}

function equalsKnown(mine: Result, theirs: Result | undefined): boolean | CelError {
  if (theirs === undefined) return false;
  if (isError(mine)) return mine;
  return isError(theirs) ? theirs : equals(mine, theirs);
}
