import { isQualifiedName } from "../../../formats/index.ts";
import { duplicate, invalidEach, required, tooMany } from "../field-error.ts";
import type { MatchCondition } from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import { A_BOOL, checkExpression } from "./expressions.ts";

const MAX_CONDITIONS = 64;

export interface MatchConditionOptions {
  hasParams: boolean;
  /** The expressions of the object before an update. */
  stored: ReadonlySet<string>;
}

export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  path: string,
  options: MatchConditionOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(path, conditions.length, MAX_CONDITIONS));
  const names = new Set<string>();
  conditions.forEach(({ name, expression }, index) => {
    const at = `${path}[${index}]`;
    errors.push(
      ...validateExpression(expression.trim(), `${at}.expression`, options),
      ...(name === "" ? [required(`${at}.name`)] : invalidEach(`${at}.name`, name, isQualifiedName(name))),
    );
    if (name !== "" && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  });
  return errors;
}

function validateExpression(
  expression: string,
  path: string,
  { hasParams, stored }: MatchConditionOptions,
): FieldError[] {
  if (expression === "") return [required(path)];
  const scope = { hasParams, hasAuthorizer: true };
  const isStored = stored.has(expression);
  return checkExpression({ expression, path, scope, wanted: A_BOOL, isStored }).errors;
}
