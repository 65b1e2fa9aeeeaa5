import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { invalidArgument } from "../../../base/index.ts";
import { isMap, type Tree, type TreeMap } from "../tree/index.ts";
import { COMPOSE } from "./compose-schema.ts";

/**
 * The schema is made code at each start, which takes eight times as long where ajv checks the schema itself (a test does), writes
 * it out at every place that refers to it, and rewrites the code to be faster than one look at one file needs.
 */
const OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  ownProperties: true,
  validateSchema: false,
  meta: false,
  inlineRefs: false,
  code: { optimize: false },
};

let compiled: ValidateFunction | undefined;

/** Where something stands: a path of keys and indexes, as `file:line`. */
export type Locate = (path: readonly string[]) => string;

/** Refuses a tree that says what a Compose file cannot say, in compose's words after the file and line. */
export function validateSchema(tree: TreeMap, locate: Locate): void {
  compiled ??= new Ajv(OPTIONS).compile(COMPOSE);
  if (compiled(plain(tree))) return;
  const error = mostSpecific(compiled.errors ?? []);
  if (!error) return;
  const path = pathOf(error);
  throw invalidArgument(
    `validating ${locate(placeOf(error, path))}: ${path.join(".")} ${describe(error, compiled.errors ?? [])}`,
  );
}

/** ajv compares values by methods that a tree's maps do not have. */
function plain(value: Tree): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
    : value;
}

const pathOf = (error: ErrorObject) =>
  error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** The key itself that must not be there. */
const placeOf = (error: ErrorObject, path: string[]) =>
  error.keyword === "additionalProperties" ? [...path, String(error.params.additionalProperty)] : path;

/** The one deepest in the file, of those that say what is wrong and not only that something is. */
function mostSpecific(errors: readonly ErrorObject[]): ErrorObject | undefined {
  let found: ErrorObject | undefined;
  let depth = -1;
  for (const error of errors) {
    if (error.keyword === "oneOf" && error.params.passingSchemas === null) continue;
    const own = pathOf(error).length + (error.keyword === "additionalProperties" ? 1 : 0);
    if (own > depth) {
      found = error;
      depth = own;
    }
  }
  return found;
}

/** As santhosh-tekuri/jsonschema, which compose uses, says it. */
function describe(error: ErrorObject, errors: readonly ErrorObject[]): string {
  const { params } = error;
  switch (error.keyword) {
    case "type":
      return `must be a ${typeNames(params.type as string | string[])}`;
    case "minimum":
      return `must be greater than or equal to ${params.limit}`;
    case "maximum":
      return `must be less than or equal to ${params.limit}`;
    case "additionalProperties": {
      const names = ofPlace(error, errors).map((one) => quoted(one.params.additionalProperty));
      return `additional properties ${names.join(", ")} not allowed`;
    }
    case "required": {
      const names = ofPlace(error, errors).map((one) => quoted(one.params.missingProperty));
      return `${names.length === 1 ? "missing property" : "missing properties"} ${names.join(", ")}`;
    }
    case "enum": {
      const values = (params.allowedValues as string[]).map(quoted);
      return values.length === 1 ? `value must be ${values[0]}` : `value must be one of ${values.join(", ")}`;
    }
    case "pattern":
      return `${quoted(error.data)} does not match pattern ${quoted(params.pattern)}`;
    case "uniqueItems":
      return `items at ${Math.min(params.i, params.j)} and ${Math.max(params.i, params.j)} are equal`;
    case "oneOf":
      return `oneOf failed, subschemas ${(params.passingSchemas as number[]).join(", ")} matched`;
    default:
      return error.message ?? "is invalid";
  }
}

const ofPlace = (error: ErrorObject, errors: readonly ErrorObject[]) =>
  errors.filter(
    (one) =>
      one.keyword === error.keyword &&
      one.instancePath === error.instancePath &&
      one.schemaPath === error.schemaPath,
  );

const quoted = (value: unknown) => `'${String(value)}'`;

function typeNames(types: string | string[]): string {
  const names = [types].flat().map((type) => (type === "object" ? "mapping" : type));
  // One type alone is called a mapping where it is an object; among several, too.
  if (names.length === 1) return names[0]!;
  names.sort();
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
