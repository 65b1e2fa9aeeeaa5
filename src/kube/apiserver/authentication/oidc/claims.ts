import type { CelValue } from "../../../cel/index.ts";
import { CelList } from "../../../cel/index.ts";
import type { Claims } from "../json-web-token.ts";

/** A claim as Go reads it into a string: null is an empty one. Throws where it is absent or of another type. */
export function stringClaim(claims: Claims, name: string): string {
  const value = claimOf(claims, name);
  if (value === null) return "";
  if (typeof value === "string") return value;
  throw new Error(mismatch(value, "string"));
}

export function booleanClaim(claims: Claims, name: string): boolean {
  const value = claimOf(claims, name);
  if (value === null) return false;
  if (typeof value === "boolean") return value;
  throw new Error(mismatch(value, "bool"));
}

/** A list of strings, or the only one of it. */
export function stringsClaim(claims: Claims, name: string): string[] {
  const value = claimOf(claims, name);
  if (typeof value === "string") return [value];
  if (value === null) return [""];
  if (!Array.isArray(value)) throw new Error(mismatch(value, "[]string"));
  return value.map((one) => {
    if (typeof one === "string") return one;
    if (one === null) return "";
    throw new Error(mismatch(one, "string"));
  });
}

export const hasClaim = (claims: Claims, name: string): boolean => Object.hasOwn(claims, name);

function claimOf(claims: Claims, name: string): unknown {
  if (!hasClaim(claims, name)) throw new Error("claim not present");
  return claims[name];
}

function mismatch(value: unknown, type: string): string {
  const found = typeof value === "boolean" ? "bool" : Array.isArray(value) ? "array" : typeof value;
  return `json: cannot unmarshal ${found} into Go value of type ${type}`;
}

const NO_STRINGS = "expression must return a string or a list of strings";

/** What an expression gives, as a list: a string, several of them or null; empty ones are left out. Throws for all else. */
export function stringsOf(value: CelValue): string[] {
  if (value === null || value === "") return [];
  if (typeof value === "string") return [value];
  if (!(value instanceof CelList)) throw new Error(NO_STRINGS);
  const found: string[] = [];
  for (let index = 0; index < value.size; index++) {
    const one = value.at(index);
    if (typeof one !== "string") throw new Error(NO_STRINGS);
    if (one !== "") found.push(one);
  }
  return found;
}
