import { errorMessage } from "../../../base/index.ts";
import { setOwn } from "../../../formats/index.ts";
import {
  apiVersionOf,
  cannotBeHandled,
  checkStructure,
  conversionProblem,
  decodeBody,
  decodeOptions,
  duplicateField,
  type GroupVersionKind,
  isStatusError,
  type KindDefinition,
  type KubeObject,
  parseApiVersion,
  parseStrictYaml,
  statusBadRequest,
  statusInvalid,
  strictDecodingMessage,
  structureProblem,
  toldProblems,
  unknownField,
} from "../../api/index.ts";
import type { ApiRequest } from "../../client/types.ts";

/** What a body can be read as: a kind with its model. */
export type BodyKind = GroupVersionKind & Pick<KindDefinition, "model" | "readsVersions" | "readStructure">;

export const DELETE_OPTIONS: BodyKind = {
  group: "",
  version: "v1",
  kind: "DeleteOptions",
  model: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
};

/** A request's body, read once it is known as what. Warnings about its fields go into `warnings`. */
export interface RequestBody {
  /** As it came; 0 where it is no bytes. */
  readonly sizeBytes: number;
  /** Absent bodies are undefined. The object is the caller's own and may be changed. */
  as(kind: BodyKind): KubeObject | undefined;
  /** As the request's options; undefined where it has none. */
  options(kind: BodyKind): KubeObject | undefined;
  /** A patch's document as plain JSON. */
  patch(): PatchDocument;
  /** A configuration that is applied: not decoded as any kind, because what it does not say is none of its business. */
  applied(): AppliedConfiguration;
}

export interface PatchDocument {
  value: unknown;
  /** Paths of members that stand in it twice. */
  duplicates: readonly string[];
}

export interface AppliedConfiguration {
  value: unknown;
  /** What is said of a key that stands in it twice. */
  duplicate?: string;
}

export class EncodedBody implements RequestBody {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  readonly #validation: ApiRequest["query"]["fieldValidation"];
  readonly #warnings: string[];
  readonly #parsePatch: (bytes: Uint8Array) => PatchDocument;

  constructor(options: {
    bytes: Uint8Array;
    contentType: string | undefined;
    fieldValidation: ApiRequest["query"]["fieldValidation"];
    warnings: string[];
    parsePatch: (bytes: Uint8Array) => PatchDocument;
  }) {
    this.bytes = options.bytes;
    this.contentType = options.contentType;
    this.#validation = options.fieldValidation;
    this.#warnings = options.warnings;
    this.#parsePatch = options.parsePatch;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  as(kind: BodyKind): KubeObject | undefined {
    if (this.bytes.length === 0) return undefined;
    const { object, warnings } = decodeBody({
      bytes: this.bytes,
      contentType: this.contentType,
      kind,
      fieldValidation: this.#validation,
    });
    this.#warnings.push(...warnings);
    return object;
  }

  options(kind: BodyKind): KubeObject | undefined {
    if (this.bytes.length === 0) return undefined;
    return decodeOptions({ bytes: this.bytes, contentType: this.contentType, kind });
  }

  patch(): PatchDocument {
    return this.#parsePatch(this.bytes);
  }

  applied(): AppliedConfiguration {
    try {
      return parseYamlTwice(this.bytes);
    } catch (error) {
      throw statusBadRequest(`error decoding YAML: ${errorMessage(error)}`, error);
    }
  }
}

/** The last of two equal keys counts; that there are two is told. */
function parseYamlTwice(bytes: Uint8Array): AppliedConfiguration {
  try {
    return { value: parseStrictYaml(bytes) };
  } catch (error) {
    const value = parseStrictYaml(bytes, { duplicates: "last" });
    return { value, duplicate: errorMessage(error) };
  }
}

/** A body from the same process: an object, perhaps frozen and with fields left undefined. */
export class PlainBody implements RequestBody {
  readonly sizeBytes = 0;
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  as(kind: BodyKind): KubeObject | undefined {
    if (this.#value === undefined) return undefined;
    const object = jsonOf(this.#value) as KubeObject;
    object.apiVersion ||= apiVersionOf(kind);
    object.kind ||= kind.kind;
    if (object.kind !== kind.kind || object.apiVersion !== apiVersionOf(kind)) {
      throw statusBadRequest(cannotBeHandled(kind, `it is a ${object.kind} of ${object.apiVersion}`));
    }
    return checkStructure(object, kind).object;
  }

  options(kind: BodyKind): KubeObject | undefined {
    return this.as(kind);
  }

  patch(): PatchDocument {
    return { value: jsonOf(this.#value ?? null), duplicates: [] };
  }

  applied(): AppliedConfiguration {
    return { value: jsonOf(this.#value ?? null) };
  }
}

/** A copy as it would come over the wire: what is undefined is not sent. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item ?? null));
  if (hasOwnForm(value)) return value.toJSON();
  const out = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) setOwn(out, key, jsonOf(member));
  }
  return out;
}

function hasOwnForm(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

/** What a patch made of an object, and what is said of it where that is not one. */
export interface Patched {
  value: unknown;
  /** How the patch or its result is shown in a refusal. */
  shown: () => string;
  /** A text is decoded; what a strategic patch gives is converted, and is of the kind whatever it says. */
  by: "decoder" | "converter";
  /** Members that the patch has twice. */
  duplicates: readonly string[];
}

/** The result of a patch as an object of its kind. Throws Invalid with the cause `patch` (handlers.applyPatchToObject). */
export function decodePatched(
  { value, shown, by, duplicates }: Patched,
  kind: BodyKind,
  fieldValidation: ApiRequest["query"]["fieldValidation"],
  warnings: string[],
): KubeObject {
  const isUntyped = by === "decoder" && isWithoutVersion(value);
  const { object, unknownFields } = isUntyped
    ? { object: { metadata: {} } as KubeObject, unknownFields: membersOf(value) }
    : structureOf(typed(value, kind, by, shown), kind, by, shown);
  if (!fieldValidation || fieldValidation === "Ignore") return object;
  if (unknownFields.length + duplicates.length === 0) return object;
  // The patch is read first, and what it makes afterwards.
  const problems = toldProblems([...duplicates.map(duplicateField), ...unknownFields.map(unknownField)]);
  if (fieldValidation === "Strict") throw invalidPatch(shown, strictDecodingMessage(problems));
  // The patch is applied again where another writer was faster.
  for (const text of problems) if (!warnings.includes(text)) warnings.push(text);
  return object;
}

/** Of no version the original takes it for its own form of the kind, of which JSON has not one member. */
function isWithoutVersion(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !(value as { apiVersion?: unknown }).apiVersion;
}

const membersOf = (value: object) =>
  Object.keys(value).filter((name) => name !== "apiVersion" && name !== "kind");

function typed(value: unknown, kind: BodyKind, by: Patched["by"], shown: Patched["shown"]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const expected = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  if (by === "converter") return { ...value, ...expected };
  const given = value as Partial<typeof expected>;
  const [apiVersion, name] = [given.apiVersion || expected.apiVersion, given.kind || expected.kind];
  if (apiVersion === expected.apiVersion && name === expected.kind) return { ...value, ...expected };
  throw invalidPatch(
    shown,
    conversionProblem(kind, { ...parseApiVersion(String(apiVersion)), kind: String(name) }),
  );
}

function structureOf(value: unknown, kind: BodyKind, by: Patched["by"], shown: Patched["shown"]) {
  try {
    return checkStructure(value, kind);
  } catch (error) {
    throw isStatusError(error, "BadRequest") ? invalidPatch(shown, structureProblem(error, by)) : error;
  }
}

function invalidPatch(shown: Patched["shown"], why: string): Error {
  const message = `Invalid value: ${JSON.stringify(shown())}: ${why}`;
  return statusInvalid({ group: "", kind: "" }, "", [{ type: "FieldValueInvalid", field: "patch", message }]);
}
