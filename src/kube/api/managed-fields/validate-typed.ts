import { isJsonNumber, isJsonObject, type JsonObject } from "../../../formats/index.ts";
import { goFloat, goPrinted, goSyntax, goType } from "../go-print.ts";
import { itemElement } from "./list-items.ts";
import { kindAt, type MergeList, type MergeMap, type MergeSchema, type ScalarType } from "./merge-schema.ts";
import { fieldElement, type PathElement, printElement, printPath } from "./path-element.ts";
import { TypedError, type TypedProblem } from "./typed-errors.ts";

/**
 * A `configuration` that is applied gives no name twice in a list, and its numbers are told as float64, as which they
 * were decoded. An object that is `stored` is taken with the duplicates that it has, and has integers.
 */
export type Origin = "configuration" | "stored";

interface Walk {
  origin: Origin;
  path: PathElement[];
  problems: TypedProblem[];
}

/** Throws a TypedError with all that is wrong, in upstream's words. */
export function validateTyped(value: unknown, schema: MergeSchema, origin: Origin): void {
  const walk: Walk = { origin, path: [], problems: [] };
  validateAt(value, schema, walk);
  if (walk.problems.length > 0) throw new TypedError(walk.problems);
}

function tell(walk: Walk, message: string): void {
  walk.problems.push({ path: printPath(walk.path), message });
}

function validateAt(value: unknown, schema: MergeSchema, walk: Walk): void {
  switch (kindAt(schema, value)) {
    case "map":
      if (isJsonObject(value)) validateMap(value, schema.map!, walk);
      else if (value !== null) tell(walk, `expected map, got ${goWrapped(value, walk)}`);
      return;
    case "list":
      if (Array.isArray(value)) validateList(value, schema.list!, walk);
      else if (value !== null) tell(walk, `expected list, got ${goWrapped(value, walk)}`);
      return;
    case "scalar":
      if (value !== null) validateScalar(value, schema.scalar!, walk);
      return;
    default:
      tell(walk, "schema error: invalid atom: inlined");
  }
}

/** Stops at the first field that is not declared. */
function validateMap(object: JsonObject, map: MergeMap, walk: Walk): void {
  for (const key of Object.keys(object)) {
    const place = map.field(key) ?? map.element;
    walk.path.push(fieldElement(key));
    if (place === undefined) tell(walk, "field not declared in schema");
    else validateAt(object[key], place, walk);
    walk.path.pop();
    if (place === undefined) return;
  }
}

/** Stops at the first item without a name. */
function validateList(items: readonly unknown[], list: MergeList, walk: Walk): void {
  const seen = new Set<PathElement>();
  for (let index = 0; index < items.length; index++) {
    const element = list.isAtomic ? `i:${index}` : nameOrTell(items[index], index, list, walk);
    if (element === undefined) return;
    if (seen.has(element) && walk.origin === "configuration")
      tell(walk, `duplicate entries for key ${printElement(element)}`);
    if (!list.isAtomic) seen.add(element);
    walk.path.push(element);
    validateAt(items[index], list.element, walk);
    walk.path.pop();
  }
}

function nameOrTell(item: unknown, index: number, list: MergeList, walk: Walk): PathElement | undefined {
  try {
    return itemElement(list, item);
  } catch (error) {
    tell(walk, `element ${index}: ${(error as Error).message}`);
    return undefined;
  }
}

/** Upstream prints its own wrapper of the value. */
const goWrapped = (value: unknown, { origin }: Walk) => `&{${goPrinted(value, NUMBERS[origin])}}`;

const NUMBERS: Record<Origin, (value: number) => string> = {
  configuration: goFloat,
  stored: (value) => (Number.isInteger(value) ? String(value) : goFloat(value)),
};

function validateScalar(value: unknown, scalar: ScalarType, walk: Walk): void {
  const type = isJsonNumber(value) ? "number" : typeof value;
  if (scalar === "numeric" && type !== "number")
    tell(walk, `expected numeric (int or float), got ${goType(value)}`);
  if (scalar === "string" && type !== "string")
    tell(
      walk,
      `expected string, got &value.valueUnstructured{Value:${goSyntax(value, NUMBERS[walk.origin])}}`,
    );
  if (scalar === "boolean" && type !== "boolean")
    tell(walk, `expected boolean, got ${goWrapped(value, walk)}`);
  if (scalar === "untyped" && type === "object")
    tell(walk, `expected any scalar, got ${goWrapped(value, walk)}`);
}
