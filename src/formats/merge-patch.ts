import { cloneJson, getOwn, isJsonObject, type JsonObject, setOwn } from "./json-value.ts";

/** Applies an RFC 7396 merge patch; neither argument is changed. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return cloneJson(patch);
  const out: JsonObject = {};
  if (isJsonObject(target)) for (const key of Object.keys(target)) setOwn(out, key, target[key]);
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete out[key];
    else setOwn(out, key, applyMergePatch(getOwn(out, key), value));
  }
  return out;
}

/** The merge patch that leads from `before` to `after` (both JSON objects). */
export function createMergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) setOwn(patch, key, null);
  for (const key of Object.keys(after)) {
    const from = getOwn(before, key);
    const to = after[key]!;
    if (isJsonObject(from) && isJsonObject(to)) {
      const inner = createMergePatch(from, to);
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (JSON.stringify(from) !== JSON.stringify(to)) setOwn(patch, key, cloneJson(to));
  }
  return patch;
}
