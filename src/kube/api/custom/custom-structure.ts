import { cloneJson, isJsonObject } from "../../../formats/index.ts";
import { parseApiVersion } from "../api-version.ts";
import { statusBadRequest } from "../status-error.ts";
import { cannotBeHandled, type StructureResult, structureProblem } from "../structure.ts";
import type { GroupVersionKind, KubeObject } from "../types.ts";
import { dropNulls } from "./defaulting.ts";
import { coerceEmbedded, MetadataProblem, readObjectMeta } from "./embedded-metadata.ts";
import { pruneResource } from "./pruning.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/**
 * Reads a JSON value as a custom object: unknown fields are dropped (and listed), as are nulls that may not be; metadata
 * is brought into Go's form (apiextensions-apiserver unstructuredSchemaCoercer). Throws StatusError BadRequest. What is
 * of another kind keeps all its fields: it is refused later.
 */
export function readCustomObject(
  input: unknown,
  kind: GroupVersionKind,
  schema: StructuralSchema,
): StructureResult {
  if (!isJsonObject(input)) throw statusBadRequest(cannotBeHandled(kind, notAnObject(input)));
  try {
    return coerce(cloneJson(input), kind, schema);
  } catch (error) {
    if (error instanceof MetadataProblem) throw statusBadRequest(cannotBeHandled(kind, error.message), error);
    throw statusBadRequest(cannotBeHandled(kind, structureProblem(error, "decoder")), error);
  }
}

function notAnObject(input: unknown): string {
  const shown = Array.isArray(input) ? "array" : input === null ? "null" : typeof input;
  return `json: cannot unmarshal ${shown} into Go value of type map[string]interface {}`;
}

function coerce(
  object: Record<string, unknown>,
  kind: GroupVersionKind,
  schema: StructuralSchema,
): StructureResult {
  const { metadata, unknownFields } = readObjectMeta(object.metadata);
  const paths = unknownFields.map((field) => `metadata.${field}`);
  const { apiVersion, kind: name } = object;
  const { group } = parseApiVersion(String(apiVersion ?? ""));
  if (group === kind.group && name === kind.kind) {
    paths.push(...pruneResource(object, schema));
    dropNulls(object, schema);
    paths.push(...coerceEmbedded(object, schema));
    Object.assign(object, { apiVersion, kind: name });
  }
  object.metadata = metadata;
  return { object: object as unknown as KubeObject, unknownFields: paths };
}
