import { errorMessage } from "../../../base/index.ts";
import { parseStrictJson, statusBadRequest } from "../../api/index.ts";
import type { PatchDocument } from "../verbs/decode-object.ts";

export function parsePatchDocument(bytes: Uint8Array): PatchDocument {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    throw statusBadRequest(`error decoding patch: ${errorMessage(error)}`, error);
  }
}
