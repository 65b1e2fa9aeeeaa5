export type { CheckedExpr } from "./checker/checked-expr.ts";
export type { StructTypes } from "./checker/environment-types.ts";
export * from "./environment.ts";
export {
  type Bindings,
  type EvaluateOptions,
  type Evaluation,
  PER_CALL_LIMIT,
  type Program,
} from "./program.ts";
export type { CelIssue } from "./syntax/issue.ts";
export * from "./types/cel-type.ts";
export { CelError, isError } from "./values/cel-error.ts";
export { ValueList, ValueMap } from "./values/collections.ts";
export { CelDuration, CelTimestamp } from "./values/time.ts";
export { CelUint } from "./values/uint.ts";
export { CelList, CelMap, CelObject, CelOptional, type CelValue, type Result } from "./values/value.ts";
