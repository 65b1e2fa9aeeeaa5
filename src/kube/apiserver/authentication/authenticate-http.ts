import type { IncomingMessage } from "node:http";
import type { Logger } from "../../../base/index.ts";
import { StatusError, statusUnauthorized } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { AuthenticationFailure, firstKnown, type RequestAuthenticator } from "./authenticator.ts";
import { type RequestHeaderOptions, removeRequestHeaders } from "./request-header.ts";
import { anonymous, authenticated } from "./users.ts";

/** Who may come without saying who they are. */
export interface AnonymousOptions {
  isEnabled: boolean;
  /** The only paths for them; all where it is absent or empty. */
  paths?: readonly string[];
}

export interface HttpAuthenticationOptions {
  /** Asked in this order. */
  authenticators: readonly RequestAuthenticator[];
  anonymous: AnonymousOptions;
  requestHeader: RequestHeaderOptions | undefined;
  logger: Logger;
}

/** Who sends a request: the authenticators one after the other, or else nobody in particular. */
export class HttpAuthentication {
  readonly #options: HttpAuthenticationOptions;

  constructor(options: HttpAuthenticationOptions) {
    this.#options = options;
  }

  /** Throws Unauthorized (401) where a proof does not hold and no other does. Proofs are taken out of the request. */
  async authenticate(request: IncomingMessage, path: string): Promise<UserInfo> {
    const user = await this.#userOf(request, path);
    delete request.headers.authorization;
    delete request.headersDistinct.authorization;
    removeRequestHeaders(request, this.#options.requestHeader);
    return user;
  }

  async #userOf(request: IncomingMessage, path: string): Promise<UserInfo> {
    const { authenticators, logger } = this.#options;
    try {
      const found = await firstKnown(authenticators, (one) => one.authenticateRequest(request));
      if (found) return authenticated(found.user);
    } catch (error) {
      if (!(error instanceof AuthenticationFailure)) throw error;
      logger.debug("a request is not authenticated", { path, problem: error.message });
      throw new StatusError(statusUnauthorized().status, error);
    }
    if (this.#admitsAnonymous(path)) return anonymous;
    throw statusUnauthorized();
  }

  #admitsAnonymous(path: string): boolean {
    const { isEnabled, paths = [] } = this.#options.anonymous;
    return isEnabled && (paths.length === 0 || paths.includes(path));
  }
}
