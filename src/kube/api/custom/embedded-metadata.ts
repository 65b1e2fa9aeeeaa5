import { errorMessage } from "../../../base/index.ts";
import { isDns1035Label, setOwn } from "../../../formats/index.ts";
import { invalid, required } from "../field-error.ts";
import { goUnstructured } from "../go-unstructured.ts";
import { validateObjectMeta } from "../meta/object-meta.ts";
import { checkStructure, structureProblem } from "../structure.ts";
import type { FieldError, ObjectMeta } from "../types.ts";
import { childPath, keyPath } from "./field-path.ts";
import { asResourceRoot, type StructuralSchema } from "./structural-schema.ts";

const OBJECT_META = {
  group: "meta.k8s.io",
  version: "v1",
  kind: "ObjectMeta",
  model: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
};

type JsonObject = Record<string, unknown>;

export interface CoercedMetadata {
  metadata: Partial<ObjectMeta>;
  /** `labls`, seen from the metadata. */
  unknownFields: string[];
}

/** Metadata in the form in which Go would write it. Throws what Go's decoder says of a wrong type, as StatusError's cause. */
export function readObjectMeta(value: unknown): CoercedMetadata {
  const { object, unknownFields } = checkStructure(value ?? {}, OBJECT_META);
  return { metadata: object as unknown as Partial<ObjectMeta>, unknownFields };
}

/**
 * Brings the metadata of embedded resources into Go's form, in place (apiextensions-apiserver objectmeta.Coerce), and
 * answers the paths of the fields that it has not. Throws `MetadataProblem` at the first wrong type.
 */
export function coerceEmbedded(value: unknown, schema: StructuralSchema, path = ""): string[] {
  const unknownFields: string[] = [];
  coerce(value, schema, path, unknownFields);
  return unknownFields.sort();
}

/** As `coerceEmbedded`, and the value is a resource itself. */
export function coerceResource(value: unknown, schema: StructuralSchema, path = ""): string[] {
  return coerceEmbedded(value, asResourceRoot(schema), path);
}

/** A field of an embedded resource that is not of its type. */
export class MetadataProblem extends Error {
  readonly fieldError: FieldError;

  constructor(fieldError: FieldError) {
    super(`${fieldError.field}: ${fieldError.message}`);
    this.fieldError = fieldError;
  }
}

function coerce(value: unknown, schema: StructuralSchema | undefined, path: string, unknown: string[]): void {
  if (schema === undefined || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) coerce(item, schema.items, `${path}[${index}]`, unknown);
    return;
  }
  const object = value as JsonObject;
  for (const key of Object.keys(object)) {
    if (schema.isEmbeddedResource) coerceField(object, key, path, unknown);
    const property = schema.properties.get(key);
    if (property !== undefined) coerce(object[key], property, childPath(path, key), unknown);
    else coerce(object[key], schema.additionalProperties?.schema, keyPath(path, key), unknown);
  }
}

function coerceField(object: JsonObject, key: string, path: string, unknown: string[]): void {
  const at = childPath(path, key);
  const value = object[key];
  if ((key === "apiVersion" || key === "kind") && typeof value !== "string")
    throw new MetadataProblem(invalid(at, goUnstructured(value), "must be a string"));
  if (key !== "metadata") return;
  try {
    const { metadata, unknownFields } = readObjectMeta(value);
    if (metadata.creationTimestamp === null) delete metadata.creationTimestamp;
    setOwn(object, key, metadata);
    unknown.push(...unknownFields.map((field) => `${at}.${field}`));
  } catch (error) {
    throw new MetadataProblem(invalid(at, goUnstructured(value), structureProblem(error, "decoder")));
  }
}

/** What is wrong with the resources inside of a value (objectmeta.Validate). */
export function validateEmbedded(
  value: unknown,
  schema: StructuralSchema | undefined,
  path = "",
): FieldError[] {
  if (schema === undefined || typeof value !== "object" || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((item, index) => validateEmbedded(item, schema.items, `${path}[${index}]`));
  const errors = schema.isEmbeddedResource ? validateResource(value as JsonObject, path) : [];
  for (const [key, one] of Object.entries(value)) {
    const property = schema.properties.get(key);
    if (property !== undefined) errors.push(...validateEmbedded(one, property, childPath(path, key)));
    else errors.push(...validateEmbedded(one, schema.additionalProperties?.schema, keyPath(path, key)));
  }
  return errors;
}

/** As `validateEmbedded`, and the value is a resource itself. */
export function validateResourceMetadata(value: unknown, schema: StructuralSchema, path = ""): FieldError[] {
  return validateEmbedded(value, asResourceRoot(schema), path);
}

function validateResource(object: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["apiVersion", "kind"]) {
    const at = childPath(path, field);
    if (!Object.hasOwn(object, field)) errors.push(required(at, "must not be empty"));
    else if (typeof object[field] !== "string")
      errors.push(invalid(at, goUnstructured(object[field]), "must be a string"));
    else errors.push(...typeProblems(field, object[field]).map((why) => invalid(at, object[field], why)));
  }
  if (Object.hasOwn(object, "metadata"))
    errors.push(...validateMetadata(object.metadata, childPath(path, "metadata")));
  return errors;
}

function typeProblems(field: string, text: string): string[] {
  if (text === "") return ["must not be empty"];
  if (field === "apiVersion")
    return text.split("/").length > 2 ? [`unexpected GroupVersion string: ${text}`] : [];
  const problems = isDns1035Label(text.toLowerCase());
  return problems.length === 0
    ? []
    : [`may have mixed case, but should otherwise match: ${problems.join(",")}`];
}

function validateMetadata(value: unknown, path: string): FieldError[] {
  let metadata: Partial<ObjectMeta>;
  try {
    ({ metadata } = readObjectMeta(value));
  } catch (error) {
    return [invalid(path, goUnstructured(value), errorMessage(structureProblem(error, "decoder")))];
  }
  // An embedded resource needs no name.
  const named = { metadata: { ...metadata, name: metadata.name || "fakename" } };
  const kind = {
    namespaced: !!metadata.namespace,
    nameValidation: "pathSegment" as const,
    takesAnyFinalizer: true,
  };
  return validateObjectMeta(named, kind, path);
}
