import { Buffer } from "node:buffer";
import { isConfigMapKey, jsonEquals } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import { forbidden, invalid, invalidEach, tooLong } from "../field-error.ts";
import type { ConfigMap } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

/** What all values may weigh together, for ConfigMaps and Secrets alike. */
export const MAX_DATA_BYTES = 1024 * 1024;
/** Upstream names the whole object by an empty path, which prints like this. */
export const WHOLE_OBJECT = "[]";
export const FROZEN = "field is immutable when `immutable` is set";

export const configMaps: KindDefinition<ConfigMap> = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  namespaced: true,
  model: "io.k8s.api.core.v1.ConfigMap",
  hasStatus: false,
  allowUnconditionalUpdate: true,
  validate,
  validateUpdate,
  tellsChangesFirst: true,
  columns: [
    nameColumn,
    textColumn("Data", (map: ConfigMap) => countKeys(map.data) + countKeys(map.binaryData)),
    ageColumn,
  ],
};

const countKeys = (map: Record<string, string> | undefined): number => Object.keys(map ?? {}).length;

function validate(map: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(map.data ?? {})) {
    errors.push(...invalidEach(`data[${key}]`, key, isConfigMapKey(key)));
    if (map.binaryData !== undefined && Object.hasOwn(map.binaryData, key)) {
      errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    }
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    errors.push(...invalidEach(`binaryData[${key}]`, key, isConfigMapKey(key)));
    bytes += Buffer.byteLength(value, "base64");
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong(WHOLE_OBJECT, MAX_DATA_BYTES));
  return errors;
}

function validateUpdate(next: ConfigMap, previous: ConfigMap): FieldError[] {
  if (!previous.immutable) return [];
  const errors: FieldError[] = [];
  if (!next.immutable) errors.push(forbidden("immutable", FROZEN));
  for (const field of ["data", "binaryData"] as const) {
    if (!jsonEquals(next[field] ?? {}, previous[field] ?? {})) errors.push(forbidden(field, FROZEN));
  }
  return errors;
}
