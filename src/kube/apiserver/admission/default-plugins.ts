import { type Clock, GantryError, type Logger } from "../../../base/index.ts";
import { type KindSource, namespaces, nodes, pods, serviceAccounts } from "../../api/index.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { RbacAuthorizer, RbacSource } from "../authorization/rbac-authorizer.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { objectKey } from "../objects/object-keys.ts";
import type { ObjectLookup } from "../objects/object-lookup.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { WebhookClient } from "../webhook/webhook-client.ts";
import { AdmissionChain, type AdmissionPlugin } from "./admission.ts";
import type { AdmissionMetrics } from "./admission-metrics.ts";
import { alwaysAdmit, alwaysDeny } from "./always.ts";
import { alwaysPullImages } from "./always-pull-images.ts";
import { certificateApproval, certificateSigning, clusterTrustBundleAttest } from "./certificate-signers.ts";
import { certificateSubjectRestriction } from "./certificate-subject-restriction.ts";
import { choosePlugins, type PluginChoice } from "./choose-plugins.ts";
import { createNamespace } from "./create-namespace.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { denyServiceExternalIps } from "./deny-service-external-ips.ts";
import { eventRateLimit } from "./event-rate-limit/event-rate-limit.ts";
import { extendedResourceToleration } from "./extended-resource-toleration.ts";
import { imagePolicyWebhook } from "./image-policy/image-policy-webhook.ts";
import { limitPodHardAntiAffinityTopology } from "./limit-pod-hard-anti-affinity-topology.ts";
import { limitRanger } from "./limit-ranger/limit-ranger.ts";
import { namespaceAutoProvision, namespaceExists } from "./namespace-existence.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { nodeTaint } from "./node-taint.ts";
import { ownerReferencesPermissionEnforcement } from "./owner-references-permission-enforcement.ts";
import { persistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { type BuiltPlugin, isBuilt } from "./plugin-names.ts";
import { podNodeSelector } from "./pod-node-selector.ts";
import { podSecurity } from "./pod-security/pod-security.ts";
import { podTolerationRestriction } from "./pod-toleration-restriction.ts";
import { priority } from "./priority.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { type FindKind, findAmong } from "./validating-policies/find-kind.ts";
import { paramAuthorization } from "./validating-policies/param-authorization.ts";
import { validatingAdmissionPolicy } from "./validating-policies/validating-admission-policy.ts";
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
  /** Finds what `kinds` may not have yet; by default it has all. */
  findKind?: FindKind;
  lookup: ObjectLookup;
  webhooks: WebhookClient;
  logger: Logger;
  clock: Clock;
  choice?: PluginChoice | undefined;
  /** Takes the times of the steps. */
  admissionMetrics?: AdmissionMetrics;
}

/** A new namespace's `default` account comes from its controller: pods that are early wait for it. */
const ACCOUNT_WAIT_MS = 2000;
const ACCOUNT_POLL_MS = 25;

/** The chosen plugins in the order in which they run, and what upstream's storage of some kinds checks itself. */
export function defaultAdmission(options: AdmissionOptions): AdmissionChain {
  const { authorizer, rbac, rbacSource, kinds, lookup, choice } = options;
  const { findKind = findAmong(kinds) } = options;
  const built = pluginsOf(options);
  const { admissionMetrics: metrics, clock } = options;
  const plugins = [
    rbacEscalation({ source: rbacSource, rbac, authorizer }),
    paramAuthorization({ findKind, lookup, authorizer }),
    ...choosePlugins(choice)
      .filter(isBuilt)
      .map((name) => built[name]()),
  ];
  return new AdmissionChain(plugins, metrics && { metrics, clock });
}

function pluginsOf(options: AdmissionOptions): Record<BuiltPlugin, () => AdmissionPlugin> {
  const { objects, lookup, authorizer, clock, kinds, webhooks, logger, choice } = options;
  const { findKind = findAmong(kinds) } = options;
  const findNamespace = async (name: string) => (await objects.find(namespaces, undefined, name))?.object;
  const calling = { kinds, lookup, client: webhooks, logger, authorizer };
  return {
    AlwaysAdmit: () => alwaysAdmit,
    NamespaceAutoProvision: () =>
      namespaceAutoProvision(findNamespace, (name) => createNamespace({ objects, clock }, name)),
    NamespaceLifecycle: () => namespaceLifecycle(findNamespace),
    NamespaceExists: () => namespaceExists(findNamespace),
    LimitPodHardAntiAffinityTopology: () => limitPodHardAntiAffinityTopology,
    LimitRanger: () => limitRanger(lookup),
    ServiceAccount: () => serviceAccount((namespace, name) => findAccount(options, namespace, name)),
    NodeRestriction: () =>
      nodeRestriction({
        findPod: async (namespace, name) => (await objects.find(pods, namespace, name))?.object,
        findNode: async (name) => (await objects.find(nodes, undefined, name))?.object,
        authorizer,
      }),
    TaintNodesByCondition: () => nodeTaint,
    AlwaysPullImages: () => alwaysPullImages,
    ImagePolicyWebhook: () => imagePolicyWebhook(required(choice?.imagePolicy), { logger, clock }),
    PodSecurity: () =>
      podSecurity({
        findNamespace,
        listPods: (namespace) => lookup.list(pods, namespace),
        clock,
        ...(choice?.podSecurity ? { configuration: choice.podSecurity } : {}),
      }),
    PodNodeSelector: () => podNodeSelector(findNamespace),
    Priority: () => priority(lookup),
    DefaultTolerationSeconds: () => defaultTolerationSeconds,
    PodTolerationRestriction: () => podTolerationRestriction(findNamespace),
    EventRateLimit: () => eventRateLimit(choice?.eventLimits ?? [], clock),
    ExtendedResourceToleration: () => extendedResourceToleration,
    DefaultStorageClass: () => defaultStorageClass(lookup),
    StorageObjectInUseProtection: () => storageObjectInUseProtection,
    OwnerReferencesPermissionEnforcement: () => ownerReferencesPermissionEnforcement({ authorizer, kinds }),
    PersistentVolumeClaimResize: () => persistentVolumeClaimResize(lookup),
    RuntimeClass: () => runtimeClass(lookup),
    CertificateApproval: () => certificateApproval(authorizer),
    CertificateSigning: () => certificateSigning(authorizer),
    ClusterTrustBundleAttest: () => clusterTrustBundleAttest(authorizer),
    CertificateSubjectRestriction: () => certificateSubjectRestriction,
    DefaultIngressClass: () => defaultIngressClass(lookup),
    DenyServiceExternalIPs: () => denyServiceExternalIps,
    MutatingAdmissionWebhook: () => mutatingWebhooks(calling),
    ValidatingAdmissionPolicy: () => validatingAdmissionPolicy({ kinds, findKind, lookup, authorizer }),
    ValidatingAdmissionWebhook: () => validatingWebhooks(calling),
    AlwaysDeny: () => alwaysDeny,
  };
}

/** Options are read before: what a plugin needs is there. */
function required<T>(configuration: T | undefined): T {
  if (configuration === undefined) throw new GantryError("InvalidArgument", "no config specified");
  return configuration;
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
