import { type AlternativeName, type CertificateRequest, DerError } from "../../../formats/index.ts";
import {
  type CertificateSigningRequest,
  kubeletClientProblem,
  kubeletServingProblem,
  type Node,
  readCertificateRequest,
} from "../../api/index.ts";

export interface Verdict {
  type: "Approved" | "Denied";
  message: string;
}

const CLIENT = "kubernetes.io/kube-apiserver-client";
const KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
const KUBELET_SERVING = "kubernetes.io/kubelet-serving";
const NODE_PREFIX = "system:node:";
/** Users that the parts of a node beside its kubelet are: the same on every node. */
export const NODE_PART_USERS = [
  "system:kube-proxy",
  "system:cluster-dns",
  "system:network-policy",
  "system:volume-provisioner",
];
const CLIENT_USAGES = new Set(["client auth", "digital signature", "key encipherment"]);

/** What is to be decided on a request that nobody has decided on; undefined where that is somebody else's, or has to wait. */
export function judgeRequest(
  request: CertificateSigningRequest,
  nodeOf: (name: string) => Node | undefined,
): Verdict | undefined {
  const { signerName, request: text, usages = [] } = request.spec;
  if (![CLIENT, KUBELET_CLIENT, KUBELET_SERVING].includes(signerName)) return undefined;
  let asked: CertificateRequest;
  try {
    asked = readCertificateRequest(text);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
  switch (signerName) {
    case KUBELET_SERVING:
      return kubeletServingProblem(asked, usages) === undefined
        ? judgeServing(request, asked, nodeOf)
        : undefined;
    case KUBELET_CLIENT:
      return kubeletClientProblem(asked, usages) === undefined
        ? judgeNewcomer(request, asked, nodeOf)
        : undefined;
    default:
      return isNodePart(request, asked)
        ? { type: "Approved", message: `A node's part may be ${asked.subject.commonName}.` }
        : undefined;
  }
}

/** Only the node itself, and only for what its Node says that it is. */
function judgeServing(
  { spec }: CertificateSigningRequest,
  { subject, alternativeNames }: CertificateRequest,
  nodeOf: (name: string) => Node | undefined,
): Verdict | undefined {
  if (spec.username !== subject.commonName || !isNode(spec)) return undefined;
  const told = nodeOf(subject.commonName.slice(NODE_PREFIX.length))?.status?.addresses ?? [];
  const known = new Set(told.map(({ address }) => address));
  return alternativeNames.every((name) => known.has(textOf(name)))
    ? { type: "Approved", message: "The names and addresses are those of the node that asks." }
    : undefined;
}

/** A token's owner gets the identity of a node that there is not yet, never that of one whose pods and Secrets it would reach. */
function judgeNewcomer(
  { spec }: CertificateSigningRequest,
  { subject }: CertificateRequest,
  nodeOf: (name: string) => Node | undefined,
): Verdict | undefined {
  if (spec.username === subject.commonName || !spec.groups?.includes("system:bootstrappers"))
    return undefined;
  const name = subject.commonName.slice(NODE_PREFIX.length);
  if (!nodeOf(name)) return undefined;
  return {
    type: "Denied",
    message: `The cluster has a node ${name}: remove it first, or choose another name.`,
  };
}

function isNodePart({ spec }: CertificateSigningRequest, { subject, alternativeNames }: CertificateRequest) {
  const { commonName, organizations } = subject;
  return (
    isNode(spec) &&
    NODE_PART_USERS.includes(commonName) &&
    organizations.length === 0 &&
    alternativeNames.length === 0 &&
    (spec.usages ?? []).every((usage) => CLIENT_USAGES.has(usage))
  );
}

function isNode({ username, groups = [] }: CertificateSigningRequest["spec"]): boolean {
  return username?.startsWith(NODE_PREFIX) === true && groups.includes("system:nodes");
}

function textOf({ type, value }: AlternativeName): string {
  if (type !== "ip") return value.toString("latin1");
  if (value.length === 4) return value.join(".");
  const groups = Array.from({ length: value.length / 2 }, (_, at) => value.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
