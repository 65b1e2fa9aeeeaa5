import type { AuthorizationCheck, AuthorizationDecision, Authorize } from "../functions/authorization.ts";
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

  /** What `evaluate` gives once the authorizer has answered all that it asks; with each new answer it begins anew. */
  async settle<T>(authorize: Authorize, evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof AnswerNeeded)) throw error;
        this.#decisions.set(JSON.stringify(error.check), await authorize(error.check));
      }
    }
  }
}
