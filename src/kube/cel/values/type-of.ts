import {
  BOOL,
  BYTES,
  CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listType,
  mapType,
  NULL,
  optionalType,
  STRING,
  TIMESTAMP,
  TYPE,
  typeParam,
  UINT,
} from "../types/cel-type.ts";
import { CelDuration, CelTimestamp } from "./time.ts";
import { CelUint } from "./uint.ts";
import { CelList, CelMap, CelObject, CelOptional, type CelValue } from "./value.ts";

export const LIST_OF_ANY: CelType = listType(DYN);
export const MAP_OF_ANY: CelType = mapType(DYN, DYN);
export const OPTIONAL_OF_ANY: CelType = optionalType(typeParam("T"));
const UNKNOWN = new CelType("dyn", "unknown");

/** The type of a value as `type(x)` shows it; lists and maps say nothing of their elements. */
export function typeOf(value: CelValue): CelType {
  switch (typeof value) {
    case "boolean":
      return BOOL;
    case "bigint":
      return INT;
    case "number":
      return DOUBLE;
    case "string":
      return STRING;
  }
  return typeOfObject(value);
}

function typeOfObject(value: Exclude<CelValue, boolean | bigint | number | string>): CelType {
  if (value === null) return NULL;
  if (value instanceof CelList) return LIST_OF_ANY;
  if (value instanceof CelMap) return MAP_OF_ANY;
  if (value instanceof CelUint) return UINT;
  if (value instanceof Uint8Array) return BYTES;
  if (value instanceof CelTimestamp) return TIMESTAMP;
  if (value instanceof CelDuration) return DURATION;
  if (value instanceof CelType) return TYPE;
  if (value instanceof CelOptional) return OPTIONAL_OF_ANY;
  if (value instanceof CelObject) return value.type;
  return UNKNOWN;
}
