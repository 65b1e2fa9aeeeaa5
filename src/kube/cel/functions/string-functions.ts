import { textSize } from "../runtime/actual-size.ts";
import { BOOL, BYTES, INT, listType, mapType, STRING, typeParam } from "../types/cel-type.ts";
import { CelError, noSuchOverload } from "../values/cel-error.ts";
import { CelList, CelMap, type CelValue, type Result } from "../values/value.ts";
import { type CelFunction, fn, memberOverload, overload } from "./declaration.ts";

const LIST_OF_A = listType(typeParam("A"));
const MAP_OF_A_B = mapType(typeParam("A"), typeParam("B"));

function sizeOf(value: CelValue): Result {
  if (typeof value === "string") return BigInt(textSize(value));
  if (value instanceof Uint8Array) return BigInt(value.length);
  if (value instanceof CelList || value instanceof CelMap) return BigInt(value.size);
  return new CelError("no such overload: size");
}

const SIZED = [
  { name: "bytes", type: BYTES },
  { name: "list", type: LIST_OF_A },
  { name: "map", type: MAP_OF_A_B },
  { name: "string", type: STRING },
];

function textTest(name: string, id: string, holds: (text: string, part: string) => boolean): CelFunction {
  return fn(name, [memberOverload(id, [STRING, STRING], BOOL)], ([text, part]) =>
    typeof text === "string" && typeof part === "string" ? holds(text, part) : noSuchOverload(),
  );
}

/** The functions on texts and sizes that the language itself has. */
export const STRING_FUNCTIONS: CelFunction[] = [
  fn(
    "size",
    SIZED.flatMap(({ name, type }) => [
      overload(`size_${name}`, [type], INT),
      memberOverload(`${name}_size`, [type], INT),
    ]),
    ([value]) => sizeOf(value!),
  ),
  textTest("contains", "contains_string", (text, part) => text.includes(part)),
  textTest("endsWith", "ends_with_string", (text, part) => text.endsWith(part)),
  textTest("startsWith", "starts_with_string", (text, part) => text.startsWith(part)),
];
