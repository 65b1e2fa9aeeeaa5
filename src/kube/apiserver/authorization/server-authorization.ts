import type { Clock, Logger } from "../../../base/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { followFile } from "../component-config/follow-file.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Authorizer } from "./authorizer.ts";
import {
  type AuthorizationOptions,
  type ServerAuthorizerParts,
  serverAuthorizer,
} from "./server-authorizer.ts";
import { WebhookAuthorizer } from "./webhook-authorizer.ts";

/** Who is asked whether a request is allowed, as the configuration says at the moment. */
export class ServerAuthorization {
  readonly #parts: { logger: Logger; clock: Clock };
  #options: AuthorizationOptions;
  #webhooks: readonly WebhookAuthorizer[];

  constructor(options: AuthorizationOptions, parts: { logger: Logger; clock: Clock }) {
    this.#parts = parts;
    this.#options = options;
    this.#webhooks = this.#webhooksOf(options);
  }

  /** What holds now: another object after each change. */
  get options(): AuthorizationOptions {
    return this.#options;
  }

  /** One authorizer, whatever changes. */
  over(parts: ServerAuthorizerParts): Authorizer {
    let of: AuthorizationOptions | undefined;
    let chain: Authorizer | undefined;
    return {
      authorize: (user: UserInfo, info: RequestInfo) => {
        if (of !== this.#options) {
          of = this.#options;
          chain = serverAuthorizer(of, this.#webhooks, parts);
        }
        return chain!.authorize(user, info);
      },
    };
  }

  /** Follows the file that the options come from, until the signal aborts. What is wrong there changes nothing. */
  follow(signal: AbortSignal): void {
    const { reloaded } = this.#options;
    if (!reloaded) return;
    const { path, text, read } = reloaded;
    followFile({
      ...{ path, text, signal },
      what: "the configuration of authorization",
      use: async (now) => this.#use({ ...(await read(now)), reloaded }),
      ...this.#parts,
    });
  }

  close(): void {
    for (const webhook of this.#webhooks) webhook.close();
  }

  #use(options: AuthorizationOptions): void {
    const before = this.#webhooks;
    this.#webhooks = this.#webhooksOf(options);
    this.#options = options;
    for (const webhook of before) webhook.closeSoon();
  }

  #webhooksOf({ webhooks = [] }: AuthorizationOptions): WebhookAuthorizer[] {
    return webhooks.map((webhook) => new WebhookAuthorizer(webhook, this.#parts));
  }
}
