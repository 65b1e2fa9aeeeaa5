import { jsonEquals } from "../../../formats/index.ts";
import {
  configMapNamesOf,
  failureStatus,
  groupResourceText,
  isMirrorPod,
  type KubeObject,
  MIRROR_ANNOTATION,
  NODE_LEASE_NAMESPACE,
  StatusError,
  secretNamesOf,
  statusForbidden,
  tokenAudiencesOf,
  usesClusterTrustBundle,
} from "../../api/index.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { nodeOf } from "../authorization/node-identity.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

/** Labels of Kubernetes' own that a kubelet says of its node (kubeletapis.IsKubeletLabel). */
const KUBELET_LABELS = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
]);
const KUBELET_LABEL_NAMESPACES = ["kubelet.kubernetes.io", "node.kubernetes.io"];

export interface NodeRestrictionOptions {
  findPod(namespace: string, name: string): Promise<KubeObject | undefined>;
  findNode(name: string): Promise<KubeObject | undefined>;
  authorizer: Authorizer;
}

/** What a kubelet writes is about its own node and the pods on it; authorization alone cannot tell (plugin NodeRestriction). */
export function nodeRestriction(options: NodeRestrictionOptions): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    async validate(request) {
      const { user, operation } = request;
      const node = nodeOf(user);
      if (node === undefined || operation === "CONNECT") return;
      if (node === "")
        throw refusal(request, `could not determine node from user ${JSON.stringify(user.name)}`);
      const why = await problemOf(request, node, options);
      if (why !== undefined) throw refusal(request, why);
    },
  };
}

function problemOf(request: AdmissionRequest, node: string, options: NodeRestrictionOptions) {
  const { kind, subresource, operation } = request;
  switch (groupResourceText(kind)) {
    case "pods":
      return problemOfPod(request, node, options);
    case "nodes":
      return problemOfNode(request, node);
    case "serviceaccounts":
      return operation === "CREATE" && subresource === "token"
        ? problemOfToken(request, node, options)
        : undefined;
    case "leases.coordination.k8s.io":
      return problemOfLease(request, node);
    case "csinodes.storage.k8s.io":
      return nameOf(request) === node
        ? undefined
        : "can only access CSINode with the same name as the requesting node";
    default:
      return undefined;
  }
}

function nameOf({ name, object }: AdmissionRequest): string {
  return name ?? object?.metadata?.name ?? "";
}

function refusal(request: AdmissionRequest, why: string): Error {
  return statusForbidden(request.kind, nameOf(request), why);
}

/** As upstream's lister says it, in the singular. */
function notFound(kind: string, name: string): Error {
  const message = `${kind} ${JSON.stringify(name)} not found`;
  return new StatusError(failureStatus(404, "NotFound", message, { name, kind }));
}

const isOn = (pod: KubeObject | undefined, node: string) => pod?.spec.nodeName === node;

async function problemOfPod(
  request: AdmissionRequest,
  node: string,
  options: NodeRestrictionOptions,
): Promise<string | undefined> {
  const { operation, subresource, object, oldObject, namespace } = request;
  const quoted = JSON.stringify(node);
  switch (subresource) {
    case "status":
      return operation === "UPDATE"
        ? problemOfPodStatus(object!, oldObject!, node)
        : `unexpected operation ${JSON.stringify(operation)}`;
    case "eviction": {
      if (operation !== "CREATE") return `unexpected operation ${operation}`;
      const name = nameOf(request);
      const pod = await options.findPod(namespace ?? "", name);
      if (!pod) throw notFound("pod", name);
      return isOn(pod, node)
        ? undefined
        : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    case undefined:
      break;
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  }
  if (operation === "DELETE")
    return isOn(oldObject, node)
      ? undefined
      : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
  if (operation === "CREATE") return problemOfMirrorPod(object!, node, options);
  return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only create and delete mirror pods`;
}

interface ResourceClaimStatus {
  name?: string;
  resourceClaimName?: string;
}

function problemOfPodStatus(next: KubeObject, previous: KubeObject, node: string): string | undefined {
  const quoted = JSON.stringify(node);
  if (!isOn(previous, node))
    return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
  if (!jsonEquals(next.metadata.labels ?? {}, previous.metadata.labels ?? {}))
    return `node ${quoted} cannot update labels through pod status`;
  const claimsOf = ({ status }: KubeObject) =>
    ((status?.resourceClaimStatuses ?? []) as ResourceClaimStatus[]).map(({ name, resourceClaimName }) => ({
      name,
      resourceClaimName,
    }));
  return jsonEquals(claimsOf(next), claimsOf(previous))
    ? undefined
    : `node ${quoted} cannot update resource claim statues`;
}

/** The API's picture of a pod that the kubelet has from a file: may lean on nothing that the API holds. */
async function problemOfMirrorPod(
  pod: KubeObject,
  node: string,
  options: NodeRestrictionOptions,
): Promise<string | undefined> {
  const { metadata, spec } = pod;
  const quoted = JSON.stringify(node);
  if (!isMirrorPod(pod))
    return `pod does not have ${JSON.stringify(MIRROR_ANNOTATION)} annotation, node ${quoted} can only create mirror pods`;
  if (spec.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  const problem = await problemOfMirrorOwner(metadata.ownerReferences ?? [], node, options);
  if (problem) return problem;
  const refused = (what: string) => `node ${quoted} can not create pods that reference ${what}`;
  if (spec.serviceAccountName) return refused("a service account");
  if (!secretNamesOf(pod).next().done) return refused("secrets");
  if (!configMapNamesOf(pod).next().done) return refused("configmaps");
  if (usesClusterTrustBundle(pod)) return refused("clustertrustbundles");
  const volumes = (spec.volumes ?? []) as { persistentVolumeClaim?: object }[];
  if (volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim))
    return refused("persistentvolumeclaims");
  return spec.resourceClaims?.length ? refused("resourceclaims") : undefined;
}

/** It goes with its node, and nothing else goes with or waits for it (CVE-2025-5187). */
async function problemOfMirrorOwner(
  owners: NonNullable<KubeObject["metadata"]["ownerReferences"]>,
  node: string,
  { findNode }: NodeRestrictionOptions,
): Promise<string | undefined> {
  const quoted = JSON.stringify(node);
  const [owner, ...more] = owners;
  if (more.length > 0)
    return `node ${quoted} can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  if (owner.controller !== true)
    return `node ${quoted} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true)
    return `node ${quoted} must not set blockOwnerDeletion on an owner reference`;
  const found = await findNode(node);
  if (!found) throw notFound("node", node);
  return owner.uid === found.metadata.uid
    ? undefined
    : `node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid}`;
}

function problemOfNode(request: AdmissionRequest, node: string): string | undefined {
  const { operation, object, oldObject } = request;
  const quoted = JSON.stringify(node);
  const asked = nameOf(request);
  if (asked !== node) return `node ${quoted} is not allowed to modify node ${JSON.stringify(asked)}`;
  if (operation === "DELETE") return undefined;
  const forbidden = changedLabels(object?.metadata.labels, oldObject?.metadata.labels)
    .filter(isOthersLabel)
    .sort();
  if (operation === "CREATE") {
    if (object!.spec?.configSource)
      return `node ${quoted} is not allowed to create pods with a non-nil configSource`;
    return forbidden.length === 0
      ? undefined
      : `node ${quoted} is not allowed to set the following labels: ${forbidden.join(", ")}`;
  }
  const configSource = object!.spec?.configSource;
  if (configSource && !jsonEquals(configSource, oldObject!.spec?.configSource ?? null))
    return `node ${quoted} is not allowed to update configSource to a new non-nil configSource`;
  if (!jsonEquals(object!.spec?.taints ?? [], oldObject!.spec?.taints ?? []))
    return `node ${quoted} is not allowed to modify taints`;
  // A node with a dead owner is removed, and registers anew without its taints and labels (CVE-2025-5187).
  if (!jsonEquals(object!.metadata.ownerReferences ?? [], oldObject!.metadata.ownerReferences ?? []))
    return `node ${quoted} is not allowed to modify ownerReferences`;
  return forbidden.length === 0 ? undefined : `is not allowed to modify labels: ${forbidden.join(", ")}`;
}

function changedLabels(next: Record<string, string> = {}, previous: Record<string, string> = {}): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(previous)]);
  return [...keys].filter((key) => next[key] !== previous[key]);
}

/** Labels that steer workloads to nodes are for who rules over the nodes. */
function isOthersLabel(label: string): boolean {
  const namespace = label.includes("/") ? label.split("/", 1)[0]! : "";
  const isWithin = (domain: string) => namespace === domain || namespace.endsWith(`.${domain}`);
  if (isWithin("node-restriction.kubernetes.io")) return true;
  if (!isWithin("kubernetes.io") && !isWithin("k8s.io")) return false;
  return !KUBELET_LABELS.has(label) && !KUBELET_LABEL_NAMESPACES.some(isWithin);
}

interface Reference {
  apiVersion?: string;
  kind?: string;
  name?: string;
  uid?: string;
}

async function problemOfToken(
  request: AdmissionRequest,
  node: string,
  options: NodeRestrictionOptions,
): Promise<string | undefined> {
  const { object, namespace } = request;
  const { apiVersion, kind, name, uid } = (object?.spec?.boundObjectRef ?? {}) as Reference;
  if (apiVersion !== "v1" || kind !== "Pod" || !name) return "node requested token not bound to a pod";
  if (!uid) return "node requested token with a pod binding without a uid";
  const pod = await options.findPod(namespace ?? "", name);
  if (!pod) throw notFound("pod", name);
  if (uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (!isOn(pod, node)) return "node requested token bound to a pod scheduled on a different node";
  return problemOfAudience(request, pod, options);
}

/** A token is for whom the pod has one mounted, or whom a role grants the node (ServiceAccountNodeAudienceRestriction). */
async function problemOfAudience(
  { object, namespace, name, user }: AdmissionRequest,
  pod: KubeObject,
  { authorizer }: NodeRestrictionOptions,
): Promise<string | undefined> {
  const [audience = "", ...more] = (object?.spec?.audiences ?? []) as string[];
  if (more.length > 0) return "node may only request 0 or 1 audiences";
  for (const mounted of tokenAudiencesOf(pod)) if (mounted === audience) return undefined;
  const { decision } = await authorizer.authorize(user, {
    isResource: true,
    path: "",
    verb: "request-serviceaccounts-token-audience",
    group: "",
    version: "v1",
    resource: audience,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  });
  return decision === "allow"
    ? undefined
    : `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`;
}

function problemOfLease(request: AdmissionRequest, node: string): string | undefined {
  if (request.namespace !== NODE_LEASE_NAMESPACE)
    return `can only access leases in the ${JSON.stringify(NODE_LEASE_NAMESPACE)} system namespace`;
  return nameOf(request) === node
    ? undefined
    : "can only access node lease with the same name as the requesting node";
}
