import { jsonEquals } from "../../../formats/index.ts";
import { type KubeObject, statusForbidden } from "../../api/index.ts";
import { NODE_USER_PREFIX, NODES } from "../authentication/users.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

const LEASE_NAMESPACE = "kube-node-lease";
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
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

/** What a kubelet writes is about its own node and the pods on it; authorization alone cannot tell (plugin NodeRestriction). */
export function nodeRestriction(
  findPod: (namespace: string, name: string) => Promise<KubeObject | undefined>,
): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    async validate(request) {
      const { user, kind, subresource } = request;
      if (!user.groups.includes(NODES)) return;
      const node = user.name.startsWith(NODE_USER_PREFIX) ? user.name.slice(NODE_USER_PREFIX.length) : "";
      if (node === "")
        throw refusal(request, `could not determine node from user ${JSON.stringify(user.name)}`);
      const why =
        kind.group === "" && kind.resource === "pods"
          ? problemOfPod(request, node)
          : kind.group === "" && kind.resource === "nodes"
            ? problemOfNode(request, node)
            : kind.group === "" && kind.resource === "serviceaccounts" && subresource === "token"
              ? await problemOfToken(request, node, findPod)
              : kind.group === "coordination.k8s.io"
                ? problemOfLease(request, node)
                : undefined;
      if (why !== undefined) throw refusal(request, why);
    },
  };
}

function refusal({ kind, name, object }: AdmissionRequest, why: string): Error {
  return statusForbidden(kind, name ?? object?.metadata.name ?? "", why);
}

function problemOfPod(request: AdmissionRequest, node: string): string | undefined {
  const { operation, subresource, object, oldObject } = request;
  const isOwn = (pod: KubeObject | undefined) => pod?.spec.nodeName === node;
  const quoted = JSON.stringify(node);
  if (subresource === "status") {
    if (!isOwn(oldObject))
      return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
    return jsonEquals(object?.metadata.labels ?? {}, oldObject?.metadata.labels ?? {})
      ? undefined
      : `node ${quoted} cannot update labels through pod status`;
  }
  if (subresource !== undefined)
    return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  if (operation === "DELETE")
    return isOwn(oldObject)
      ? undefined
      : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
  if (operation === "CREATE") return problemOfMirrorPod(object!, node);
  return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only create and delete mirror pods`;
}

/** The API's picture of a pod that the kubelet has from a file: may lean on nothing that the API holds. */
function problemOfMirrorPod({ metadata, spec }: KubeObject, node: string): string | undefined {
  const quoted = JSON.stringify(node);
  if (metadata.annotations?.[MIRROR_ANNOTATION] === undefined)
    return `pod does not have ${JSON.stringify(MIRROR_ANNOTATION)} annotation, node ${quoted} can only create mirror pods`;
  if (spec.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  const [owner, ...more] = metadata.ownerReferences ?? [];
  if (more.length > 0)
    return `node ${quoted} can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  if (owner.controller !== true)
    return `node ${quoted} can only create pods with a controller owner reference set to itself`;
  if (spec.serviceAccountName) return `node ${quoted} can not create pods that reference a service account`;
  const text = JSON.stringify(spec);
  for (const [what, pattern] of REFERENCES)
    if (pattern.test(text)) return `node ${quoted} can not create pods that reference ${what}`;
  return undefined;
}

const REFERENCES: [what: string, field: RegExp][] = [
  ["secrets", /"(?:secret|secretRef|secretKeyRef|secretName|imagePullSecrets)":/],
  ["configmaps", /"(?:configMap|configMapRef|configMapKeyRef)":/],
  ["persistentvolumeclaims", /"persistentVolumeClaim":/],
];

function problemOfNode(
  { operation, name, object, oldObject }: AdmissionRequest,
  node: string,
): string | undefined {
  const quoted = JSON.stringify(node);
  const asked = name ?? object?.metadata.name ?? "";
  if (asked !== node) return `node ${quoted} is not allowed to modify node ${JSON.stringify(asked)}`;
  if (operation === "DELETE") return undefined;
  if (operation === "UPDATE" && !jsonEquals(object?.spec?.taints ?? [], oldObject?.spec?.taints ?? []))
    return `node ${quoted} is not allowed to modify taints`;
  const forbidden = changedLabels(object?.metadata.labels, oldObject?.metadata.labels)
    .filter(isOthersLabel)
    .sort();
  if (forbidden.length === 0) return undefined;
  return operation === "CREATE"
    ? `node ${quoted} is not allowed to set the following labels: ${forbidden.join(", ")}`
    : `is not allowed to modify labels: ${forbidden.join(", ")}`;
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
  { object, namespace }: AdmissionRequest,
  node: string,
  findPod: (namespace: string, name: string) => Promise<KubeObject | undefined>,
): Promise<string | undefined> {
  const { apiVersion, kind, name, uid } = (object?.spec?.boundObjectRef ?? {}) as Reference;
  if (apiVersion !== "v1" || kind !== "Pod" || !name) return "node requested token not bound to a pod";
  if (!uid) return "node requested token with a pod binding without a uid";
  const pod = await findPod(namespace ?? "", name);
  if (pod && uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  return pod?.spec.nodeName === node
    ? undefined
    : "node requested token bound to a pod scheduled on a different node";
}

function problemOfLease({ namespace, name, object }: AdmissionRequest, node: string): string | undefined {
  if (namespace !== LEASE_NAMESPACE)
    return `can only access leases in the ${JSON.stringify(LEASE_NAMESPACE)} system namespace`;
  return (name ?? object?.metadata.name) === node
    ? undefined
    : "can only access node lease with the same name as the requesting node";
}
