import type { AuthorizationCheck, AuthorizationDecision } from "../functions/authorization.ts";
import type { CallContext } from "../functions/declaration.ts";

/** The evaluation can only go on once this question is answered. */
export class AnswerNeeded extends Error {
  readonly check: AuthorizationCheck;

  constructor(check: AuthorizationCheck) {
    super("an authorization check is not answered yet");
    this.check = check;
  }
}

/** What is known of the authorizer's answers. A question without one ends the evaluation (AnswerNeeded). */
export class AuthorizationAnswers implements CallContext {
  readonly #decisions = new Map<string, AuthorizationDecision>();

  authorize(check: AuthorizationCheck): AuthorizationDecision {
    const decision = this.#decisions.get(JSON.stringify(check));
    if (decision === undefined) throw new AnswerNeeded(check);
    return decision;
  }

  add(check: AuthorizationCheck, decision: AuthorizationDecision): void {
    this.#decisions.set(JSON.stringify(check), decision);
  }
}
