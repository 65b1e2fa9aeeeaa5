import type { IncomingMessage } from "node:http";
import { aggregateText } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";

/** Who somebody has proved to be. */
export interface Authentication {
  user: UserInfo;
  /** Under which of the audiences asked for; absent where the proof names none. */
  audiences?: readonly string[];
}

/** A proof that does not hold. The message is for logs and token reviews: who sends the request hears `Unauthorized`. */
export class AuthenticationFailure extends Error {}

/** Judges one sort of tokens. Undefined: it is none of these. Throws AuthenticationFailure. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined>;
}

/** Judges one sort of proofs that requests bear. Undefined: there is none. Throws AuthenticationFailure. */
export interface RequestAuthenticator {
  authenticateRequest(request: IncomingMessage): Promise<Authentication | undefined>;
}

/**
 * The first of several that knows who it is. What others failed with counts only where nobody does (apiserver's
 * authentication/request/union and token/union).
 */
export async function firstKnown<T>(
  authenticators: readonly T[],
  ask: (authenticator: T) => Promise<Authentication | undefined>,
): Promise<Authentication | undefined> {
  const failures: string[] = [];
  for (const authenticator of authenticators) {
    try {
      const found = await ask(authenticator);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof AuthenticationFailure)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new AuthenticationFailure(aggregateText(failures));
  return undefined;
}

/** All sorts of tokens that a server takes, as one. */
export function tokenUnion(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    authenticateToken: (token, audiences) =>
      firstKnown(authenticators, (one) => one.authenticateToken(token, audiences)),
  };
}

/** Tokens that name no audience are for the API itself. */
export function forApiAudiences(
  authenticator: TokenAuthenticator,
  apiAudiences: readonly string[],
): TokenAuthenticator {
  return {
    async authenticateToken(token, audiences) {
      const common = apiAudiences.filter((audience) => audiences.includes(audience));
      if (common.length === 0) return undefined;
      const found = await authenticator.authenticateToken(token, audiences);
      return found && { ...found, audiences: common };
    },
  };
}
