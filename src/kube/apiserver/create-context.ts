import type { WatchCache } from "../../store/index.ts";
import type { AdmissionMetrics } from "./admission/admission-metrics.ts";
import { defaultAdmission } from "./admission/default-plugins.ts";
import { chosenCounter } from "./admission/resource-quota/resource-quotas.ts";
import type { ServiceAllocator } from "./allocation/service-allocator.ts";
import type { ApiServerOptions } from "./api-server-options.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { RbacAuthorizer } from "./authorization/rbac-authorizer.ts";
import { rbacFromCache } from "./authorization/rbac-cache.ts";
import type { ServerAuthorization } from "./authorization/server-authorization.ts";
import type { StoredObject } from "./objects/stored-object.ts";
import type { ServerContext } from "./server-context.ts";
import type { WebhookClient } from "./webhook/webhook-client.ts";

/** Of whom a request asks the same on the main thread and in another one. */
export interface JudgingParts
  extends Pick<ServerContext, "clock" | "logger" | "kinds" | "objects" | "cache" | "lookup"> {
  /** Another number after each change of a role or a binding. */
  rbacVersion: () => number;
  /** Whom to ask, given who knows the roles. */
  authorizerOver: (rbac: RbacAuthorizer) => Authorizer;
  findKind?: AdmissionParts["findKind"];
  webhooks: WebhookClient;
  admissionMetrics?: AdmissionMetrics;
  choice: ApiServerOptions["admissionPlugins"];
  services: ServiceAllocator;
}

type AdmissionParts = Parameters<typeof defaultAdmission>[0];
type Judging = Omit<
  ServerContext,
  "tokens" | "tokenAuthenticator" | "nodeAccess" | "kubelets" | "metricValues" | "components"
>;

/** Who is authorized, what is admitted and counted, and where objects lie. */
export function judgingContext(parts: JudgingParts): Judging {
  const { clock, logger, kinds, objects, cache, lookup, webhooks, choice, admissionMetrics } = parts;
  const rbacSource = rbacFromCache(cache, parts.rbacVersion);
  const rbac = new RbacAuthorizer(rbacSource);
  const authorizer = parts.authorizerOver(rbac);
  const shared = { objects, cache, kinds, logger, clock };
  return {
    ...shared,
    lookup,
    admission: defaultAdmission({
      ...shared,
      ...(parts.findKind ? { findKind: parts.findKind } : {}),
      authorizer,
      rbac,
      rbacSource,
      lookup,
      webhooks,
      choice,
      ...(admissionMetrics ? { admissionMetrics } : {}),
    }),
    companions: [parts.services],
    counter: chosenCounter(choice, shared),
    authorizer,
    rbac,
  };
}

interface MainParts
  extends Pick<
      ServerContext,
      "kinds" | "objects" | "lookup" | "kubelets" | "tokens" | "tokenAuthenticator" | "metricValues"
    >,
    Pick<JudgingParts, "rbacVersion" | "webhooks" | "services" | "clock" | "admissionMetrics"> {
  options: ApiServerOptions;
  cache: WatchCache<StoredObject>;
  authorization: ServerAuthorization;
}

/** What all requests share on the main thread. */
export function createServerContext(parts: MainParts): ServerContext {
  const { options, cache, authorization, kubelets, tokens, tokenAuthenticator, metricValues, ...judging } =
    parts;
  const { logger, nodeAccess, admissionPlugins: choice } = options;
  return {
    ...judgingContext({
      ...judging,
      cache,
      logger,
      choice,
      authorizerOver: (rbac) => authorization.over({ cache, rbac }),
    }),
    tokens,
    tokenAuthenticator,
    nodeAccess,
    kubelets,
    metricValues,
    components: [
      ...(options.components ?? []),
      { name: "etcd-0", check: async () => void (await options.store.status()) },
    ],
  };
}
