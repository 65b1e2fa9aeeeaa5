import {
  A_BOOL,
  A_STRING,
  A_STRING_OR_NULL,
  ANYTHING,
  type ValidatingAdmissionPolicy,
  type Validation,
  variableType,
} from "../../../api/index.ts";
import type { CelType } from "../../../cel/index.ts";
import { type Expression, expressionCompiler } from "../expressions/expression.ts";
import { MatchConditions } from "../expressions/match-conditions.ts";

export interface CompiledPolicy {
  ignoresFailures: boolean;
  variables: ReadonlyMap<string, Expression>;
  conditions: MatchConditions;
  validations: readonly (Pick<Validation, "message" | "reason"> & { expression: Expression })[];
  /** One for each validation, where it has one. */
  messages: readonly (Expression | undefined)[];
  annotations: readonly { key: string; expression: Expression }[];
}

const known = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>();

/** The policy's expressions, compiled when this version of it first judges a request. */
export function compiledPolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const compiled = known.get(policy) ?? compile(policy);
  known.set(policy, compiled);
  return compiled;
}

function compile({ spec }: ValidatingAdmissionPolicy): CompiledPolicy {
  const { paramKind, variables = [], matchConditions = [], validations = [], auditAnnotations = [] } = spec;
  const types = new Map<string, CelType>();
  const scope = { hasParams: paramKind !== undefined, variables: types };
  const compileOne = expressionCompiler({ ...scope, hasAuthorizer: true });
  const compileMessage = expressionCompiler({ ...scope, hasAuthorizer: false });
  const compiledVariables = new Map<string, Expression>();
  for (const { name, expression } of variables) {
    const compiled = compileOne(expression, ANYTHING);
    compiledVariables.set(name, compiled);
    types.set(name, variableType(compiled.type));
  }
  const ignoresFailures = spec.failurePolicy === "Ignore";
  return {
    ignoresFailures,
    variables: compiledVariables,
    conditions: new MatchConditions(matchConditions, () => compileOne, { ignoresFailures }),
    validations: validations.map(({ expression, message, reason }) => ({
      message,
      reason,
      expression: compileOne(expression, A_BOOL),
    })),
    messages: validations.map(({ messageExpression }) =>
      messageExpression ? compileMessage(messageExpression, A_STRING) : undefined,
    ),
    annotations: auditAnnotations.map(({ key, valueExpression }) => ({
      key,
      expression: compileOne(valueExpression, A_STRING_OR_NULL),
    })),
  };
}
