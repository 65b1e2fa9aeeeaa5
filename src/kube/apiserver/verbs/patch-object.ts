import { isGantryError } from "../../../base/index.ts";
import { applyJsonPatch, applyMergePatch, parseJsonPatch } from "../../../formats/index.ts";
import {
  goPrinted,
  type KindDefinition,
  type KubeObject,
  modelOf,
  statusBadRequest,
  statusRejected,
  statusTooLarge,
  statusUnsupportedMediaType,
  strategicMergePatch,
} from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { decodePatched, type Patched } from "./decode-object.ts";
import { checkIdentity } from "./object-metadata.ts";
import { jsonPatchedText, mergedText } from "./patched-text.ts";

export const PATCH_TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
} as const;

/** The next state of an object after the request's patch, decoded and checked as a body of the same kind would be. */
export function applyPatch(call: ResourceCall, kind: KindDefinition, current: KubeObject): KubeObject {
  const { fieldValidation } = call.query;
  const next = decodePatched(patched(call, kind, current), kind, fieldValidation, call.warnings);
  checkIdentity(call.kind, next, call.info);
  return next;
}

function patched(call: ResourceCall, kind: KindDefinition, current: KubeObject): Patched {
  const { value, duplicates } = call.body.patch();
  call.audit?.patched(value);
  switch (call.patchType) {
    case "json":
      return jsonPatched(value, kind, current);
    case "merge": {
      const merged = applyMergePatch(current, requireObject(value));
      return {
        value: merged,
        shown: () => mergedText(merged, current, kind.model),
        by: "decoder",
        duplicates,
      };
    }
    case "strategic": {
      const merged = strategicMergePatch(current, requireObject(value), modelOf(kind.model));
      return { value: merged, shown: () => goPrinted(value), by: "converter", duplicates };
    }
    default:
      throw statusUnsupportedMediaType(Object.keys(PATCH_TYPES));
  }
}

function jsonPatched(body: unknown, kind: KindDefinition, current: KubeObject): Patched {
  try {
    const operations = parseJsonPatch(body);
    const value = applyJsonPatch(current, operations);
    return {
      value,
      shown: () => jsonPatchedText(value, operations, kind.model),
      by: "decoder",
      duplicates: [],
    };
  } catch (error) {
    if (isGantryError(error, "ResourceExhausted")) throw statusTooLarge(error.message);
    if (!isGantryError(error)) throw error;
    // What is no patch at all is told, what cannot be applied is not (handlers.jsonPatcher).
    throw error.code === "JsonPatch.Shape"
      ? statusBadRequest(`error decoding patch: ${error.message}`, error)
      : statusRejected(error);
  }
}

function requireObject(body: unknown): object {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw statusBadRequest("the patch is not a JSON object");
}
