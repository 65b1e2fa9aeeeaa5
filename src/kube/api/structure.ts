import { errorMessage } from "../../base/index.ts";
import { canonicalQuantity, isEmptyObject, isJsonNumber, setOwn } from "../../formats/index.ts";
import { type EmptyMember, noteEmpties } from "./empties.ts";
import { base64Problem } from "./go-base64.ts";
import { goType } from "./go-print.ts";
import { goTypeName, isNamedString } from "./go-types.ts";
import { canonicalTime } from "./meta/time.ts";
import { type Model, type ModelField, modelOf } from "./models.ts";
import { statusBadRequest } from "./status-error.ts";
import type { GroupVersionKind, KindDefinition, KubeObject } from "./types.ts";

export interface StructureResult {
  /** A new object in the form in which Go would write it: known fields only, empty ones left out or filled in, quantities and times canonical. */
  object: KubeObject;
  /** Paths of fields that the model does not have, `spec.containers[0].imag`. */
  unknownFields: string[];
}

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

type JsonObject = Record<string, unknown>;

/** What Go's decoder says, before it is wrapped in the sentence of the API server. */
class DecodeError extends Error {
  /** What the converter says of the same, which reads objects that are no text (runtime.FromUnstructured). */
  readonly converted: string;

  constructor(message: string, converted = message) {
    super(message);
    this.converted = converted;
  }
}

/** Why `checkStructure` refused a value: in the words of the decoder of texts, or of the converter of objects. */
export function structureProblem(error: unknown, by: "decoder" | "converter"): string {
  const why = (error as Error).cause;
  if (why instanceof DecodeError) return by === "converter" ? why.converted : why.message;
  return errorMessage(why ?? error);
}

interface Walk {
  unknownFields: string[];
  empties: EmptyMember[];
}

/**
 * Reads a JSON value as an object of this kind, the way upstream's decoder does: null is absence, unknown fields are
 * dropped (and listed), a value of the wrong type is refused. Throws StatusError BadRequest with upstream's message.
 */
export function checkStructure(
  input: unknown,
  kind: GroupVersionKind & Pick<KindDefinition, "model" | "readStructure">,
): StructureResult {
  if (kind.readStructure !== undefined) return kind.readStructure(input);
  const walk: Walk = { unknownFields: [], empties: [] };
  try {
    const model = modelOf(kind.model);
    const object = readObject(input, model, walk, { path: "", stack: [], struct: "" });
    if (model.fields.get("metadata")?.definition === OBJECT_META) object.metadata ??= {};
    noteEmpties(object, walk.empties);
    return { object: object as unknown as KubeObject, unknownFields: walk.unknownFields };
  } catch (error) {
    if (!(error instanceof DecodeError) && !isCodecRefusal(error)) throw error;
    throw statusBadRequest(cannotBeHandled(kind, (error as Error).message), error);
  }
}

/** Quantity and time parsers refuse with GantryErrors whose message is Go's already. */
function isCodecRefusal(error: unknown): boolean {
  return (error as { kind?: string }).kind === "InvalidArgument";
}

/** The sentence around every decoding failure (apiserver transformDecodeError). */
export function cannotBeHandled(kind: GroupVersionKind, why: string): string {
  return `${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${why}`;
}

/** Go's decoder tells each problem once, and so many at the most (sigs.k8s.io/json saveStrictError). */
const MAX_PROBLEMS = 100;

export function toldProblems(problems: Iterable<string>): string[] {
  const told = new Set<string>();
  for (const problem of problems) {
    if (told.size === MAX_PROBLEMS) break;
    told.add(problem);
  }
  return [...told];
}

/** The refusal of `fieldValidation=Strict`. */
export function strictDecodingMessage(problems: readonly string[]): string {
  return `strict decoding error: ${problems.join(", ")}`;
}

/** An object of this kind without the fields that its model does not have. */
export function pruneUnknown(input: unknown, kind: GroupVersionKind & { model: string }): KubeObject {
  return checkStructure(input, kind).object;
}

/** Where the walk stands: with indices for our paths, without them for Go's. */
interface Place {
  path: string;
  stack: readonly string[];
  struct: string;
  /** Inside of what Go reads with a decoder of its own: that one says nothing of unknown fields, and knows no place. */
  isApart?: boolean;
}

function readObject(value: unknown, model: Model, walk: Walk, place: Place): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(value, place, goTypeName(model.name));
  }
  const out: JsonObject = {};
  const struct = model.name.slice(model.name.lastIndexOf(".") + 1);
  for (const key of Object.keys(value)) {
    const field = model.fields.get(key);
    const path = place.path === "" ? key : `${place.path}.${key}`;
    if (field === undefined) {
      if (!place.isApart) walk.unknownFields.push(path);
      continue;
    }
    const child = (value as JsonObject)[key];
    if (child === null || child === undefined) continue;
    const at = place.isApart ? place : { path, stack: [...place.stack, key], struct };
    const read = readField(child, field, walk, at);
    const isWithout = isEmpty(read);
    if (isWithout && (field.isList || field.isMap) && !place.isApart)
      walk.empties.push({ path, isList: field.isList });
    if (field.presence !== "nonempty" || !isWithout) out[key] = read;
  }
  for (const field of model.always) {
    // What is stored as protobuf does not tell an empty list from none.
    const isGiven = Object.hasOwn(out, field.name) && !(field.isList && isEmpty(out[field.name]));
    if (!isGiven) out[field.name] = zeroOfField(field);
  }
  return out;
}

/** What Go's encoder leaves out under `omitempty`. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== "object") return value === "" || value === 0 || value === false;
  if (value === null || Array.isArray(value)) return value === null || value.length === 0;
  return isEmptyObject(value);
}

function readField(value: unknown, field: ModelField, walk: Walk, place: Place): unknown {
  if (field.isList) return readList(value, field, walk, place);
  if (field.isMap) return readMap(value, field, walk, place);
  return readValue(value, field, walk, place, place.path);
}

function readList(value: unknown, field: ModelField, walk: Walk, place: Place): unknown[] {
  if (!Array.isArray(value))
    throw mismatch(value, place, goTypeName(field.definition || field.code, "[]", place));
  return value.map((item, index) =>
    readValue(item ?? zeroOf(field), field, walk, place, `${place.path}[${index}]`),
  );
}

function readMap(value: unknown, field: ModelField, walk: Walk, place: Place): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(value, place, goTypeName(field.definition || field.code, "map[string]", place));
  }
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = (value as JsonObject)[key] ?? zeroOf(field);
    setOwn(out, key, readValue(item, field, walk, place, `${place.path}.${key}`));
  }
  return out;
}

/** What Go's encoder writes for a field that was not given: nil lists, maps and bytes as null, structs with their own zeros. */
function zeroOfField(field: ModelField): unknown {
  if (field.isList || field.isMap || field.isNullable || field.code === "y") return null;
  return field.code === "m" ? zeroObject(modelOf(field.definition)) : zeroOf(field);
}

/** An object of which nothing was given, as Go's encoder writes it. */
export function zeroObject(model: Model): JsonObject {
  return Object.fromEntries(model.always.map((field) => [field.name, zeroOfField(field)]));
}

/** Go reads null inside a list or a map as the zero value. */
function zeroOf(field: ModelField): unknown {
  switch (field.code) {
    case "m":
      return {};
    case "b":
      return false;
    case "i":
    case "l":
    case "d":
    case "x":
      return 0;
    case "q":
      return "0";
    case "*s":
      return [];
    case "r":
    case "f":
    case "t":
    case "u":
    case "A":
    case "B":
    case "S":
      return null;
    default:
      return "";
  }
}

function readValue(value: unknown, field: ModelField, walk: Walk, place: Place, path: string): unknown {
  switch (field.code) {
    case "m":
      return readObject(value, modelOf(field.definition), walk, { ...place, path });
    case "s":
      if (typeof value !== "string") throw mismatch(value, place, goTypeName("s", "", place));
      return value;
    case "b":
      if (typeof value !== "boolean") throw mismatch(value, place, "bool");
      return value;
    case "i":
      return readInteger(value, place, -(2 ** 31), 2 ** 31 - 1, "int32");
    case "l":
    case "n":
      return readInteger(value, place, -(2 ** 63), 2 ** 63, "int64");
    case "d":
      if (!isJsonNumber(value)) throw mismatch(value, place, "float64");
      return Number(value);
    case "A":
    case "B":
    case "S":
      return readSchemaOr(value, field.code, walk, { ...place, path });
    default:
      return readSpecial(value, field.code, place);
  }
}

const JSON_SCHEMA_PROPS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";

/** What may stand in place of a schema (apiextensions JSONSchemaPropsOrArray and the like); what is neither counts as none. */
function readSchemaOr(value: unknown, code: "A" | "B" | "S", walk: Walk, place: Place): unknown {
  const apart = { ...place, isApart: true };
  const readSchema = (schema: unknown) => readObject(schema ?? {}, modelOf(JSON_SCHEMA_PROPS), walk, apart);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return readSchema(value);
  if (code === "B") {
    if (typeof value === "boolean") return value;
    throw new DecodeError("boolean or JSON schema expected");
  }
  if (!Array.isArray(value) || value.length === 0) return null;
  return code === "A" ? value.map(readSchema) : readSpecial(value, "*s", place);
}

function readInteger(value: unknown, place: Place, low: number, high: number, type: string): number | bigint {
  if (!isJsonNumber(value)) throw mismatch(value, place, type);
  if ((typeof value === "bigint" || Number.isInteger(value)) && value >= low && value <= high) return value;
  throw mismatch(value, place, type, `number ${value}`);
}

function readSpecial(value: unknown, code: string, place: Place): unknown {
  switch (code) {
    case "q":
      if (isJsonNumber(value)) return canonicalQuantity(String(value));
      return canonicalQuantity(typeof value === "string" ? value : JSON.stringify(value));
    case "t":
    case "u":
      if (value === null) return null;
      if (typeof value !== "string") throw ownMismatch(value, place, "string");
      return canonicalTime(value, code === "u");
    case "x":
      if (typeof value === "string") return value;
      if (!isJsonNumber(value)) throw ownMismatch(value, place, "int32");
      if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return value;
      throw ownMismatch(value, place, "int32", `number ${value}`);
    case "y":
      if (typeof value !== "string") throw mismatch(value, place, "[]uint8");
      return readBase64(value);
    case "*s":
      if (!Array.isArray(value)) throw mismatch(value, place, "[]string");
      return value.map((item) => {
        if (typeof item !== "string") throw mismatch(item, place, "string");
        return item;
      });
    default:
      return value;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Go's decoder skips line ends and refuses everything else with the place of the first bad byte. */
function readBase64(text: string): string {
  if (BASE64.test(text)) return text;
  const at = base64Problem(text);
  if (at === undefined) return text.replace(/[\r\n]/g, "");
  throw new DecodeError(`illegal base64 data at input byte ${at}`);
}

function mismatch(value: unknown, place: Place, type: string, shown = jsonKind(value)): DecodeError {
  if (place.struct === "") return new DecodeError(`${cannotUnmarshal(shown)} Go value of type ${type}`);
  const target = `Go struct field ${place.struct}.${place.stack.join(".")} of type ${type}`;
  return new DecodeError(`${cannotUnmarshal(shown)} ${target}`, restoreProblem(value, type));
}

/** Of what reads itself from JSON: only the decoder says where it stands. */
function ownMismatch(value: unknown, place: Place, type: string, shown = jsonKind(value)): DecodeError {
  const { message } = mismatch(value, place, type, shown);
  return new DecodeError(message, `${cannotUnmarshal(shown)} Go value of type ${type}`);
}

const cannotUnmarshal = (shown: string) => `json: cannot unmarshal ${shown} into`;

const GO_KINDS = new Set(["bool", "float64", "int32", "int64"]);

/** The converter's words for a value that is not of a Go type. */
function restoreProblem(value: unknown, type: string): string {
  const given = goType(value)
    .replace(/^\[\].*/, "slice")
    .replace(/^map.*/, "map");
  if (type.startsWith("[]")) return `cannot restore slice from ${given}`;
  if (type.startsWith("map[") || type === "v1.ResourceList") return `cannot restore map from ${given}`;
  const kind = GO_KINDS.has(type) ? type : type === "string" || isNamedString(type) ? "string" : undefined;
  if (kind === undefined) return `cannot restore struct from: ${given}`;
  const isConvertible = given === "int64" ? kind === "string" : given === "float64" && kind.startsWith("int");
  return isConvertible ? `cannot convert ${given} to ${type}` : `unrecognized type: ${kind}`;
}

/** What Go's decoder calls a JSON value. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (isJsonNumber(value)) return "number";
  return value === null ? "null" : typeof value;
}
