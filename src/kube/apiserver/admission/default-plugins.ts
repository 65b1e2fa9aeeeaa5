import { type Clock, inTurns, type Logger } from "../../../base/index.ts";
import {
  type KindSource,
  type KubeObject,
  namespaces,
  nodes,
  pods,
  serviceAccounts,
} from "../../api/index.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { RbacAuthorizer, RbacSource } from "../authorization/rbac-authorizer.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { keyPrefix, objectKey } from "../objects/object-keys.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { WebhookClient } from "../webhook/webhook-client.ts";
import { AdmissionChain } from "./admission.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { nodeTaint } from "./node-taint.ts";
import { podSecurity } from "./pod-security/pod-security.ts";
import { priority } from "./priority.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { mutatingWebhooks } from "./webhooks/mutating-webhooks.ts";
import { validatingWebhooks } from "./webhooks/validating-webhooks.ts";

export interface AdmissionOptions {
  objects: ObjectStore;
  cache: Pick<ObjectCache, "get">;
  authorizer: Authorizer;
  rbac: RbacAuthorizer;
  rbacSource: RbacSource;
  /** What is served. */
  kinds: KindSource;
  lookup: ObjectLookup;
  webhooks: WebhookClient;
  logger: Logger;
  clock: Clock;
}

/** A new namespace's `default` account comes from its controller: pods that are early wait for it. */
const ACCOUNT_WAIT_MS = 2000;
const ACCOUNT_POLL_MS = 25;

/** The plugins in the order in which they run. */
export function defaultAdmission(options: AdmissionOptions): AdmissionChain {
  const { objects, authorizer, rbac, rbacSource, clock } = options;
  const findNamespace = async (name: string) => (await objects.find(namespaces, undefined, name))?.object;
  const { kinds, lookup, webhooks, logger } = options;
  const conditionsHold = async () => true;
  const calling = { kinds, lookup, client: webhooks, logger, conditionsHold };
  return new AdmissionChain([
    namespaceLifecycle(findNamespace),
    serviceAccount((namespace, name) => findAccount(options, namespace, name)),
    priority,
    defaultTolerationSeconds,
    runtimeClass,
    nodeRestriction({
      findPod: async (namespace, name) => (await objects.find(pods, namespace, name))?.object,
      findNode: async (name) => (await objects.find(nodes, undefined, name))?.object,
      authorizer,
    }),
    nodeTaint,
    rbacEscalation({ source: rbacSource, rbac, authorizer }),
    podSecurity({ findNamespace, listPods: (namespace) => listPods(objects, namespace), clock }),
    mutatingWebhooks(calling),
    validatingWebhooks(calling),
  ]);
}

async function listPods(objects: ObjectStore, namespace: string): Promise<KubeObject[]> {
  const { items } = await objects.range(keyPrefix(pods, namespace), {});
  const found: KubeObject[] = [];
  for await (const { key, value, modRevision } of inTurns(items)) {
    const pod = objects.fromItem(key, value, modRevision);
    if (!pod.isAtHand) await pod.load();
    found.push(pod.object);
  }
  return found;
}

async function findAccount({ objects, cache, clock }: AdmissionOptions, namespace: string, name: string) {
  const deadlineMs = clock.monotonicMs() + (name === "default" ? ACCOUNT_WAIT_MS : 0);
  for (;;) {
    const cached = cache.get(objectKey(serviceAccounts, namespace, name));
    const found = cached ?? (await objects.find(serviceAccounts, namespace, name));
    if (found || clock.monotonicMs() >= deadlineMs) return found?.object;
    await clock.sleep(ACCOUNT_POLL_MS);
  }
}
