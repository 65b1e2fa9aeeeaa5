import { isJsonObject } from "../../../formats/index.ts";

export type GoObject = Record<string, unknown>;

/**
 * The member that Go's `encoding/json` reads into the field of this name: upper or lower case does not matter, null is
 * absence. Throws where there is no object to look into.
 */
export function member(object: GoObject, name: string): unknown {
  if (!isJsonObject(object)) throw new TypeError(`no object with a member ${name}`);
  const key = Object.hasOwn(object, name)
    ? name
    : Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : ((object as GoObject)[key] ?? undefined);
}

export const isPresent = (object: GoObject, name: string): boolean => member(object, name) !== undefined;

/** JSON as Go writes it: what means something in HTML is escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
