import type { IncomingMessage } from "node:http";
import {
  type Authentication,
  AuthenticationFailure,
  type RequestAuthenticator,
  type TokenAuthenticator,
} from "./authenticator.ts";
import { takeWebSocketToken } from "./web-socket-token.ts";

export const INVALID_TOKEN = "invalid bearer token";

/** Users by the token in `Authorization: Bearer`, or else in a WebSocket's subprotocol. */
export class BearerTokens implements RequestAuthenticator {
  readonly #tokens: TokenAuthenticator;
  readonly #audiences: readonly string[];

  /** `audiences`: those of this API. */
  constructor(tokens: TokenAuthenticator, audiences: readonly string[]) {
    this.#tokens = tokens;
    this.#audiences = audiences;
  }

  async authenticateRequest(request: IncomingMessage): Promise<Authentication | undefined> {
    const token = bearerToken(request) ?? takeWebSocketToken(request);
    if (token === undefined) return undefined;
    const found = await this.#tokens.authenticateToken(token, this.#audiences);
    if (!found) throw new AuthenticationFailure(INVALID_TOKEN);
    return found;
  }
}

function bearerToken({ headers }: IncomingMessage): string | undefined {
  const [scheme, token] = (headers.authorization ?? "").trim().split(" ", 3);
  return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
}
