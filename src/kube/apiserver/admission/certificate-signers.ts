import { jsonEquals } from "../../../formats/index.ts";
import { groupResourceText, type KubeObject } from "../../api/index.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import { requireSigner } from "./signer-authorization.ts";

const REQUESTS = "certificatesigningrequests.certificates.k8s.io";
const BUNDLES = "clustertrustbundles.certificates.k8s.io";

/** Requests are approved by who may do that for their signer: the old state counts, whatever the new one says. */
export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    looksAt: [REQUESTS],
    async validate(request) {
      if (!updates(request, "approval")) return;
      await requireSigner(authorizer, request, "approve", request.oldObject!.spec.signerName);
    },
  };
}

/** Certificates, and what is said of a request, come from who may sign for its signer. */
export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    looksAt: [REQUESTS],
    async validate(request) {
      if (!updates(request, "status")) return;
      const [next, previous] = [request.object!.status ?? {}, request.oldObject!.status ?? {}];
      const isSame =
        (next.certificate ?? "") === (previous.certificate ?? "") &&
        jsonEquals(next.conditions ?? [], previous.conditions ?? []);
      if (isSame) return;
      await requireSigner(authorizer, request, "sign", request.oldObject!.spec.signerName);
    },
  };
}

const updates = ({ kind, operation, subresource }: AdmissionRequest, part: string): boolean =>
  groupResourceText(kind) === REQUESTS && operation === "UPDATE" && subresource === part;

/** Bundles that speak for a signer come from who may attest for it. */
export function clusterTrustBundleAttest(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "ClusterTrustBundleAttest",
    looksAt: [BUNDLES],
    async validate(request) {
      const { kind, operation, object, oldObject } = request;
      if (groupResourceText(kind) !== BUNDLES || (operation !== "CREATE" && operation !== "UPDATE")) return;
      const signerName = object!.spec?.signerName as string | undefined;
      if (!signerName || (oldObject && differsInOwnersOnly(object!, oldObject))) return;
      await requireSigner(authorizer, request, "attest", signerName);
    },
  };
}

/** What the garbage collector and a migration of the store write is no new word (rbac.IsOnlyMutatingGCFields). */
const differsInOwnersOnly = (next: KubeObject, previous: KubeObject): boolean =>
  jsonEquals(withoutOwners(next), withoutOwners(previous));

function withoutOwners({ metadata, ...rest }: KubeObject): object {
  const { ownerReferences: _, finalizers: __, managedFields: ___, ...told } = metadata;
  return { ...rest, metadata: told };
}
