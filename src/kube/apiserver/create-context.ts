import type { Clock } from "../../base/index.ts";
import type { WatchCache } from "../../store/index.ts";
import type { KindCatalog } from "../api/index.ts";
import { defaultAdmission } from "./admission/default-plugins.ts";
import { chosenCounter } from "./admission/resource-quota/resource-quotas.ts";
import type { ServiceAllocator } from "./allocation/service-allocator.ts";
import type { ApiServerOptions } from "./api-server-options.ts";
import { RbacAuthorizer } from "./authorization/rbac-authorizer.ts";
import { rbacFromCache } from "./authorization/rbac-cache.ts";
import { DEFAULT_AUTHORIZATION, serverAuthorizer } from "./authorization/server-authorizer.ts";
import type { WebhookAuthorizer } from "./authorization/webhook-authorizer.ts";
import type { CachedLookup } from "./objects/object-lookup.ts";
import type { ObjectStore } from "./objects/object-store.ts";
import type { StoredObject } from "./objects/stored-object.ts";
import type { ServerContext } from "./server-context.ts";
import type { WebhookClient } from "./webhook/webhook-client.ts";

interface ContextParts extends Pick<ServerContext, "tokens" | "tokenAuthenticator"> {
  options: ApiServerOptions;
  kinds: KindCatalog;
  cache: WatchCache<StoredObject>;
  objects: ObjectStore;
  lookup: CachedLookup;
  /** Another number after each change of a role or a binding. */
  rbacVersion: () => number;
  authorizationWebhook: WebhookAuthorizer | undefined;
  webhooks: WebhookClient;
  services: ServiceAllocator;
  clock: Clock;
}

/** What all requests share on the main thread: who is authorized, what is admitted, and where objects lie. */
export function createServerContext(parts: ContextParts): ServerContext {
  const { options, kinds, cache, objects, lookup, webhooks, clock } = parts;
  const { logger, nodeAccess, admissionPlugins: choice } = options;
  const rbacSource = rbacFromCache(cache, parts.rbacVersion);
  const rbac = new RbacAuthorizer(rbacSource);
  const authorizer = serverAuthorizer(options.authorization ?? DEFAULT_AUTHORIZATION, {
    cache,
    rbac,
    webhook: parts.authorizationWebhook,
  });
  return {
    clock,
    logger,
    kinds,
    objects,
    cache,
    lookup,
    admission: defaultAdmission({
      objects,
      cache,
      authorizer,
      rbac,
      rbacSource,
      kinds,
      lookup,
      webhooks,
      logger,
      clock,
      choice,
    }),
    companions: [parts.services],
    counter: chosenCounter(choice, { objects, cache, kinds, logger, clock }),
    authorizer,
    rbac,
    tokens: parts.tokens,
    tokenAuthenticator: parts.tokenAuthenticator,
    nodeAccess,
    components: [
      ...(options.components ?? []),
      { name: "etcd-0", check: async () => void (await options.store.status()) },
    ],
  };
}
