/**
 * What may stand at a place of an object, as far as merging and owning fields ask for it: a scalar, a list, a map, or
 * (where the type is only known from the value) several of them. A place where none is given takes nothing.
 *
 * A schema may refer to itself: give `list` and `map` as getters, or build the nodes first and fill them in later. The
 * nodes are compared by identity, so a type that stands in many places should be one node.
 */
export interface MergeSchema {
  readonly scalar?: ScalarType | undefined;
  readonly list?: MergeList | undefined;
  readonly map?: MergeMap | undefined;
}

/** `untyped` takes any scalar: quantities, times, numbers or strings. */
export type ScalarType = "string" | "numeric" | "boolean" | "untyped";

export interface MergeList {
  /** An atomic list is one value with one owner. The others are sets of scalars, or (with keys) maps by these fields. */
  readonly isAtomic: boolean;
  readonly keys: readonly MergeKey[];
  readonly element: MergeSchema;
}

export interface MergeKey {
  readonly name: string;
  /** What an item without the field has there; without a default every item must give the key. */
  readonly default?: string | number | boolean | undefined;
}

export interface MergeMap {
  /** An atomic map or struct is one value with one owner. */
  readonly isAtomic: boolean;
  /** Whether some fields are declared by name. */
  readonly hasFields: boolean;
  /** The place of a field that is declared by name. */
  field(name: string): MergeSchema | undefined;
  /** The place of every other key; without it no other key is taken. */
  readonly element?: MergeSchema | undefined;
}

function noField(): undefined {}

/** Any value, with one owner. */
export const untypedSchema: MergeSchema = {
  scalar: "untyped",
  get list() {
    return untypedList;
  },
  get map() {
    return untypedMap;
  },
};
const untypedList: MergeList = { isAtomic: true, keys: [], element: untypedSchema };
const untypedMap: MergeMap = { isAtomic: true, hasFields: false, field: noField, element: untypedSchema };

/** Any value: maps by their keys, lists as one. What is under `x-kubernetes-preserve-unknown-fields`. */
export const deducedSchema: MergeSchema = {
  scalar: "untyped",
  list: untypedList,
  get map() {
    return deducedMap;
  },
};
const deducedMap: MergeMap = { isAtomic: false, hasFields: false, field: noField, element: deducedSchema };

export type Kind = "map" | "scalar" | "list";

/**
 * As what a value is looked at: as what it is where the schema takes that, else as the first thing that it takes (which
 * is what null and absent values are seen as). Undefined where the schema takes nothing.
 */
export function kindAt(schema: MergeSchema, value: unknown): Kind | undefined {
  if (Array.isArray(value)) {
    if (schema.list) return "list";
  } else if (typeof value === "object" && value !== null) {
    if (schema.map) return "map";
  } else if (value !== undefined && value !== null && schema.scalar) return "scalar";
  if (schema.map) return "map";
  if (schema.scalar) return "scalar";
  return schema.list && "list";
}

/** The place of a key of a map. */
export function placeOf(map: MergeMap, key: string): MergeSchema {
  return map.field(key) ?? map.element ?? NOTHING;
}

const NOTHING: MergeSchema = {};
