import { FairTurn } from "../../../../base/index.ts";
import type { KubeObject } from "../../../api/index.ts";
import {
  type AuthorizationAnswers,
  authorizerValue,
  type Bindings,
  type CelValue,
  type Evaluation,
  jsonValue,
  requestResourceValue,
} from "../../../cel/index.ts";
import type { AdmissionRequest } from "../admission.ts";
import type { VersionedRequest } from "../matching/versioned-request.ts";
import { requestAttributes } from "../request-attributes.ts";
import type { AuthorizationQuestions } from "./authorization-questions.ts";
import type { Expression } from "./expression.ts";
import { LazyVariables } from "./lazy-variables.ts";

/** All expressions together have cost more than they may. */
export class BudgetSpent extends Error {
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

export interface ExpressionInput {
  versioned: VersionedRequest;
  /** Undefined: there are none, and `params` is null. */
  params: KubeObject | undefined;
  /** Undefined: null. */
  namespaceObject: object | undefined;
  variables: ReadonlyMap<string, Expression>;
  questions: AuthorizationQuestions;
  /** Whether expressions find an authorizer. */
  hasAuthorizer: boolean;
}

/** What an expression gives; undefined where there is none to be evaluated. */
export type Outcome = { ok: true; value: CelValue } | { ok: false; error: string } | undefined;

/**
 * Evaluates expressions one after the other (plugin/cel ConditionEvaluator.ForInput); holds the event loop for one at a
 * time. Throws BudgetSpent.
 */
export async function evaluateExpressions(
  expressions: readonly (Expression | undefined)[],
  input: ExpressionInput,
  budget: number,
): Promise<{ outcomes: Outcome[]; remaining: number }> {
  const { request } = input.versioned;
  const variables = new LazyVariables(input.variables);
  const bindings = bindingsOf(input, variables);
  const turn = new FairTurn(request.signal, request.user.name);
  const outcomes: Outcome[] = [];
  let remaining = budget;
  for (const expression of expressions) {
    if (!expression?.program) {
      outcomes.push(expression && { ok: false, error: `compilation error: ${expression.problem}` });
      continue;
    }
    const { program, text } = expression;
    const evaluate = (answers: AuthorizationAnswers): Evaluation => {
      variables.workWith(answers, bindings);
      return program.evaluateKnowing(answers, bindings);
    };
    const evaluation = await input.questions.settle(evaluate);
    remaining -= variables.takeCost() + evaluation.cost;
    if (remaining < 0) throw new BudgetSpent();
    outcomes.push(
      evaluation.ok
        ? { ok: true, value: evaluation.value }
        : { ok: false, error: `expression '${text}' resulted in error: ${evaluation.error}` },
    );
    await turn.pause();
  }
  return { outcomes, remaining };
}

/** What expressions see by which name (plugin/cel newActivation). */
function bindingsOf(input: ExpressionInput, variables: LazyVariables): Bindings {
  const { versioned, params, namespaceObject, hasAuthorizer } = input;
  return {
    object: () => jsonValue(versioned.object),
    oldObject: () => jsonValue(versioned.oldObject),
    params: () => jsonValue(params),
    request: () => jsonValue(requestAttributes(versioned)),
    namespaceObject: () => jsonValue(namespaceObject),
    variables,
    ...(hasAuthorizer ? authorizersFor(versioned.request) : {}),
  };
}

function authorizersFor({ kind, subresource = "", namespace = "", name = "" }: AdmissionRequest): Bindings {
  const { group, resource } = kind;
  return {
    authorizer: authorizerValue(),
    "authorizer.requestResource": requestResourceValue({ group, resource, subresource, namespace, name }),
  };
}
