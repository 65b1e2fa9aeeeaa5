export type { CheckedExpr } from "./checker/checked-expr.ts";
export type { StructTypes } from "./checker/environment-types.ts";
export type { Bounds } from "./cost/bounds.ts";
export type { EstimatedNode, SizeEstimator } from "./cost/estimated-node.ts";
export * from "./environment.ts";
export type { AuthorizationCheck, AuthorizationDecision, Authorize } from "./functions/authorization.ts";
export {
  AUTHORIZER_TYPE,
  authorizerValue,
  RESOURCE_CHECK_TYPE,
  requestResourceValue,
} from "./library/authorizer.ts";
export { QUANTITY_TYPE } from "./library/quantity.ts";
export {
  type Bindings,
  type EvaluateOptions,
  type Evaluation,
  PER_CALL_LIMIT,
  type Program,
} from "./program.ts";
export { AuthorizationAnswers } from "./runtime/authorization-answers.ts";
export type { CelSchema } from "./schema/cel-schema.ts";
export { DeclStructTypes } from "./schema/decl-struct-types.ts";
export { type DeclType, listDecl, mapDecl, nameDecl, objectDecl, simpleDecl } from "./schema/decl-type.ts";
export { escapeProperty, unescapeProperty } from "./schema/escape.ts";
export { MAX_REQUEST_BYTES, maxCardinality, schemaDeclType } from "./schema/schema-decl-type.ts";
export { schemaSizes } from "./schema/schema-sizes.ts";
export { schemaValue } from "./schema/schema-value.ts";
export { childrenOf, type Expr, OPERATOR } from "./syntax/ast.ts";
export type { CelIssue } from "./syntax/issue.ts";
export * from "./types/cel-type.ts";
export { CelError, isError } from "./values/cel-error.ts";
export { ValueList, ValueMap } from "./values/collections.ts";
export { jsonValue } from "./values/json-value.ts";
export { CelDuration, CelTimestamp } from "./values/time.ts";
export { CelUint } from "./values/uint.ts";
export { CelList, CelMap, CelObject, CelOptional, type CelValue, type Result } from "./values/value.ts";
