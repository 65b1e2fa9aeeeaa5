import { errorMessage, isGantryError } from "../../../base/index.ts";
import { applyJsonPatch, applyMergePatch, parseJsonPatch } from "../../../formats/index.ts";
import {
  failureStatus,
  type KindDefinition,
  type KubeObject,
  modelOf,
  StatusError,
  statusBadRequest,
  statusTooLarge,
  statusUnsupportedMediaType,
  strategicMergePatch,
} from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";
import { decodePatched } from "./decode-object.ts";
import { checkIdentity } from "./object-metadata.ts";

/** Server-side apply is not among them; clients take the refusal as that of a server that does not know it. */
export const PATCH_TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
} as const;

/** The next state of an object after the request's patch, decoded and checked as a body of the same kind would be. */
export function applyPatch(call: ResourceCall, kind: KindDefinition, current: KubeObject): KubeObject {
  const { fieldValidation } = call.query;
  const next = decodePatched(patched(call, kind, current), kind, fieldValidation, call.warnings);
  checkIdentity(call.kind, next, call.info);
  return next;
}

function patched(call: ResourceCall, kind: KindDefinition, current: KubeObject): unknown {
  const { patchType } = call;
  const body = call.body.patch();
  switch (patchType) {
    case "json":
      return jsonPatched(body, current);
    case "merge":
      return applyMergePatch(current, requireObject(body));
    case "strategic":
      return strategicPatched(kind, current, requireObject(body));
    default:
      throw statusUnsupportedMediaType(Object.keys(PATCH_TYPES));
  }
}

function jsonPatched(body: unknown, current: KubeObject): unknown {
  let operations: ReturnType<typeof parseJsonPatch>;
  try {
    operations = parseJsonPatch(body);
  } catch (error) {
    throw isGantryError(error, "ResourceExhausted")
      ? statusTooLarge(error.message)
      : statusBadRequest(errorMessage(error));
  }
  try {
    return applyJsonPatch(current, operations);
  } catch (error) {
    if (isGantryError(error, "ResourceExhausted")) throw statusTooLarge(error.message);
    // apiserver's jsonPatcher: NewGenericServerResponse(422, "", …, err.Error()).
    const message = "the server rejected our request due to an error in our request";
    throw new StatusError(
      failureStatus(422, "Invalid", message, { causes: [{ message: errorMessage(error) }] }),
      error,
    );
  }
}

function strategicPatched(kind: KindDefinition, current: KubeObject, patch: object): unknown {
  try {
    return strategicMergePatch(current, patch, modelOf(kind.model));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw statusBadRequest(errorMessage(error), error);
  }
}

function requireObject(body: unknown): object {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  throw statusBadRequest("the patch is not a JSON object");
}
