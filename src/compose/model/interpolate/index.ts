export { CASTS, toBoolean, toInteger } from "./casts.ts";
export { interpolate } from "./interpolate.ts";
export { InvalidTemplate, type Lookup, substitute } from "./substitute.ts";
export { findVariables, type Variable } from "./variables.ts";
