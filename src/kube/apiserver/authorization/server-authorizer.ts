import type { Clock, Logger } from "../../../base/index.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { alwaysAllow, alwaysDeny, privilegedGroup } from "./always.ts";
import { type Authorizer, AuthorizerChain } from "./authorizer.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import { WebhookAuthorizer, type WebhookAuthorizerOptions } from "./webhook-authorizer.ts";

export type AuthorizationMode = "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny" | "Webhook";

/** Who is asked whether a request is allowed, in this order (`--authorization-mode`, `--authorization-webhook-…`). */
export interface AuthorizationOptions {
  modes: readonly AuthorizationMode[];
  /** Of the mode Webhook. */
  webhook?: WebhookAuthorizerOptions;
}

/** As upstream's installers start it. */
export const DEFAULT_AUTHORIZATION: AuthorizationOptions = { modes: ["Node", "RBAC"] };

export interface ServerAuthorizerOptions {
  /** Absent in threads, where it is not known what is on the nodes: who is asked there is no node's kubelet. */
  cache: ObjectCache | undefined;
  rbac: Authorizer;
  /** See `webhookOf`. */
  webhook: WebhookAuthorizer | undefined;
}

/** The webhook that is asked, if there is one. It is to be closed. */
export function webhookOf(
  { webhook }: AuthorizationOptions,
  options: { logger: Logger; clock: Clock },
): WebhookAuthorizer | undefined {
  return webhook && new WebhookAuthorizer(webhook, options);
}

export function serverAuthorizer(
  { modes }: AuthorizationOptions,
  { cache, rbac, webhook }: ServerAuthorizerOptions,
): Authorizer {
  const authorizers: Record<AuthorizationMode, () => Authorizer[]> = {
    Node: () => (cache ? [new NodeAuthorizer(cache)] : []),
    RBAC: () => [rbac],
    AlwaysAllow: () => [alwaysAllow],
    AlwaysDeny: () => [alwaysDeny],
    Webhook: () => (webhook ? [webhook] : []),
  };
  return new AuthorizerChain([privilegedGroup, ...modes.flatMap((mode) => authorizers[mode]())]);
}
