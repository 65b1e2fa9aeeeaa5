import type { ObjectCache } from "../objects/object-cache.ts";
import { AbacAuthorizer } from "./abac-authorizer.ts";
import type { AbacPolicy } from "./abac-policies.ts";
import { alwaysAllow, alwaysDeny, privilegedGroup } from "./always.ts";
import { type Authorizer, AuthorizerChain } from "./authorizer.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import type { WebhookAuthorizerOptions } from "./webhook-authorizer.ts";

export type AuthorizationMode = "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny" | "ABAC" | "Webhook";

/** Who is asked whether a request is allowed, in this order (`--authorization-…`). */
export interface AuthorizationOptions {
  modes: readonly AuthorizationMode[];
  /** One for each mode Webhook, in their order. */
  webhooks?: readonly WebhookAuthorizerOptions[];
  /** Of the mode ABAC. */
  policies?: readonly AbacPolicy[];
  /** Looked at from time to time: what stands there then holds. `text` is what these options were read from. */
  reloaded?: { path: string; text: string; read(text: string): Promise<AuthorizationOptions> };
}

/** As upstream's installers start it. */
export const DEFAULT_AUTHORIZATION: AuthorizationOptions = { modes: ["Node", "RBAC"] };

export interface ServerAuthorizerParts {
  /** Absent in threads, where it is not known what is on the nodes: who is asked there is no node's kubelet. */
  cache: ObjectCache | undefined;
  rbac: Authorizer;
}

/** `webhooks`: those of the options. */
export function serverAuthorizer(
  { modes, policies = [] }: AuthorizationOptions,
  webhooks: readonly Authorizer[],
  { cache, rbac }: ServerAuthorizerParts,
): Authorizer {
  const left = [...webhooks];
  const authorizers: Record<AuthorizationMode, () => Authorizer[]> = {
    Node: () => (cache ? [new NodeAuthorizer(cache)] : []),
    RBAC: () => [rbac],
    AlwaysAllow: () => [alwaysAllow],
    AlwaysDeny: () => [alwaysDeny],
    ABAC: () => [new AbacAuthorizer(policies)],
    Webhook: () => left.splice(0, 1),
  };
  return new AuthorizerChain([privilegedGroup, ...modes.flatMap((mode) => authorizers[mode]())]);
}
