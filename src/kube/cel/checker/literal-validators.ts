import { CONVERSIONS } from "../functions/conversions.ts";
import { NO_AUTHORIZER } from "../functions/declaration.ts";
import { matchesSignature } from "../functions/runtime-signature.ts";
import { patternProblem } from "../library/regex.ts";
import { type CallExpr, childrenOf, type Expr, type ListExpr, type MapExpr } from "../syntax/ast.ts";
import type { IssueList } from "../syntax/issue.ts";
import { type CelType, ERROR, formatType, isExactType } from "../types/cel-type.ts";
import { isError } from "../values/cel-error.ts";
import type { CelValue } from "../values/value.ts";
import type { CheckedExpr } from "./checked-expr.ts";
import { validateFormats } from "./format-validator.ts";

/** Bad durations, timestamps and patterns are found before they are evaluated from this minor version on. */
const SCALARS_SINCE = 29;

/** Finds literals that could never be evaluated, and lists and maps of several types. `minor` is that of Kubernetes. */
export function validateLiterals(checked: CheckedExpr, minor: number, issues: IssueList): void {
  const all = descendants(checked.expr, false);
  if (minor >= SCALARS_SINCE) validateScalars(all, issues);
  validateFormats(callsOf(all, "format"), checked, issues);
  for (const { expr, isExempt } of all)
    if (expr.kind === "list" && !isExempt) validateList(expr, checked, issues);
  for (const { expr, isExempt } of all)
    if (expr.kind === "map" && !isExempt) validateMap(expr, checked, issues);
}

function callsOf(all: readonly Descendant[], name: string): CallExpr[] {
  return all.flatMap(({ expr }) => (expr.kind === "call" && expr.function === name ? [expr] : []));
}

function validateScalars(all: readonly Descendant[], issues: IssueList): void {
  for (const name of ["duration", "timestamp"])
    validateFirstArg(callsOf(all, name), name, (value) => isConvertible(name, value), issues);
  validateFirstArg(callsOf(all, "matches"), "matches", isPattern, issues);
}

interface Descendant {
  expr: Expr;
  /** It stands within a call of `format`, whose list may be of several types. */
  isExempt: boolean;
}

function descendants(expr: Expr, isExempt: boolean): Descendant[] {
  const isFormat = isExempt || (expr.kind === "call" && expr.function === "format");
  return [{ expr, isExempt }, ...childrenOf(expr).flatMap((child) => descendants(child, isFormat))];
}

function validateFirstArg(
  calls: CallExpr[],
  name: string,
  isValid: (value: CelValue) => boolean,
  issues: IssueList,
): void {
  for (const { args } of calls) {
    const arg = args[0];
    if (arg?.kind !== "literal" || isValid(arg.value)) continue;
    issues.report(arg.offset, `invalid ${name} argument`);
  }
}

function isPattern(value: CelValue): boolean {
  return typeof value !== "string" || patternProblem(value) === undefined;
}

function isConvertible(name: string, value: CelValue): boolean {
  const conversion = CONVERSIONS.find((candidate) => candidate.name === name)!;
  const overload = conversion.overloads.find((candidate) => matchesSignature(candidate, [value]));
  const result = overload?.evaluate?.([value], NO_AUTHORIZER);
  return result !== undefined && !isError(result);
}

function mismatch(at: Expr, expected: CelType, found: CelType, issues: IssueList): void {
  issues.report(at.offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`);
}

function validateList(list: ListExpr, { types }: CheckedExpr, issues: IssueList): void {
  let expected: CelType | undefined;
  for (const [at, element] of list.elements.entries()) {
    const type = within(types.get(element.id), list.optionals.has(at));
    expected ??= type;
    if (isExactType(expected, type)) continue;
    mismatch(element, expected, type, issues);
    return;
  }
}

function validateMap(map: MapExpr, { types }: CheckedExpr, issues: IssueList): void {
  let keyType: CelType | undefined;
  let valueType: CelType | undefined;
  for (const { key, value, optional } of map.entries) {
    const [ofKey, ofValue] = [within(types.get(key.id), false), within(types.get(value.id), optional)];
    keyType ??= ofKey;
    valueType ??= ofValue;
    if (!isExactType(keyType, ofKey)) mismatch(key, keyType, ofKey, issues);
    if (!isExactType(valueType, ofValue)) mismatch(value, valueType, ofValue, issues);
  }
}

function within(type: CelType = ERROR, optional: boolean): CelType {
  return optional ? (type.parameters[0] ?? type) : type;
}
