import type { CertificateSigningRequest } from "../../api/index.ts";
import {
  certificateSigningRequests,
  kubeletClientProblem,
  nodes as nodesResource,
  readCertificateRequest,
  subjectAccessReviews,
} from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { hasCondition, isIssued, withCondition } from "../signing-requests.ts";
import { unlessGone } from "../write-errors.ts";

const KUBELET_CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
const NODE_PREFIX = "system:node:";
/** Who may not have a certificate now may get the permission for it. */
const RECHECK_MS = 60_000;

/** A permission (`create` on this subresource of requests) by which a request is approved without anybody's doing. */
interface Recognition {
  subresource: "selfnodeclient" | "nodeclient";
  message: string;
}
const SELF: Recognition = {
  subresource: "selfnodeclient",
  message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
};
const ANY: Recognition = {
  subresource: "nodeclient",
  message: "Auto approving kubelet client certificate after SubjectAccessReview.",
};

/** Approves kubelets' requests for client certificates, where who asks may do that for itself or for any node. */
export function createCsrApprovingController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const requests = informers.informer(certificateSigningRequests);
  const nodes = informers.informer(nodesResource);

  const mayCreate = async (
    { spec: { username, uid, groups, extra } }: CertificateSigningRequest,
    subresource: string,
  ): Promise<boolean> => {
    const resourceAttributes = {
      group: "certificates.k8s.io",
      resource: "certificatesigningrequests",
      verb: "create",
      subresource,
      version: "*",
    };
    const { status } = await client.create(subjectAccessReviews, {
      metadata: {},
      spec: { user: username, uid, groups, extra, resourceAttributes },
    });
    return status?.allowed === true;
  };

  const approve = (request: CertificateSigningRequest, message: string): Promise<unknown> =>
    unlessGone(
      client.update(
        certificateSigningRequests,
        withCondition(request, { type: "Approved", status: "True", reason: "AutoApproved", message }),
        { subresource: "approval" },
      ),
    );

  return createController(
    {
      name: "csrapproving",
      informers: [requests, nodes],
      watch: (enqueue) => [
        requests.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
      ],
      reconcile: async (key, enqueue) => {
        const request = requests.get(key);
        if (!request || isDecided(request)) return;
        const recognitions = recognitionsOf(request, (name) => nodes.get(name) !== undefined);
        for (const { subresource, message } of recognitions)
          if (await mayCreate(request, subresource)) return void (await approve(request, message));
        if (recognitions.length > 0) enqueue(key, RECHECK_MS);
      },
    },
    dependencies,
  );
}

const isDecided = (request: CertificateSigningRequest): boolean =>
  isIssued(request) || hasCondition(request, "Approved") || hasCondition(request, "Denied");

/**
 * The ways in which the request may be approved; none for what no kubelet asks for. Unlike upstream's, who may ask for any node may
 * not ask for one that there is: a token that was found somewhere would give him all that its pods have.
 */
function recognitionsOf(
  { spec }: CertificateSigningRequest,
  isKnown: (nodeName: string) => boolean,
): Recognition[] {
  if (spec.signerName !== KUBELET_CLIENT_SIGNER) return [];
  const asked = readCertificateRequest(spec.request);
  if (kubeletClientProblem(asked, spec.usages ?? []) !== undefined) return [];
  const { commonName } = asked.subject;
  if (commonName === spec.username) return [SELF, ANY];
  return isKnown(commonName.slice(NODE_PREFIX.length)) ? [] : [ANY];
}
