import { type CelType, isDynamic } from "../types/cel-type.ts";
import { isError } from "../values/cel-error.ts";
import { typeOf } from "../values/type-of.ts";
import { CelList, CelMap, type CelValue } from "../values/value.ts";
import type { CelOverload } from "./declaration.ts";

/** Whether values are of the types that an overload declares; of lists and maps the first entry is looked at. */
export function matchesSignature(overload: CelOverload, args: readonly CelValue[]): boolean {
  return overload.args.length === args.length && overload.args.every((type, at) => accepts(type, args[at]!));
}

function accepts(declared: CelType, value: CelValue): boolean {
  if (isDynamic(declared) || declared.kind === "typeParam") return true;
  const actual = typeOf(value);
  if (declared.kind !== actual.kind || declared.name !== actual.name) return false;
  if (value instanceof CelList) {
    if (value.size === 0) return true;
    const first = value.at(0);
    return isError(first) || accepts(declared.parameters[0]!, first);
  }
  return value instanceof CelMap ? acceptsMap(declared, value) : true;
}

function acceptsMap(declared: CelType, map: CelMap): boolean {
  for (const key of map.keys()) {
    const value = map.find(key);
    const isKey = accepts(declared.parameters[0]!, key);
    return isKey && (value === undefined || isError(value) || accepts(declared.parameters[1]!, value));
  }
  return true;
}
