import { errorMessage } from "../../../base/index.ts";
import { readCertificateRequest } from "../../api/index.ts";
import { MASTERS } from "../authentication/users.ts";
import { type AdmissionPlugin, type AdmissionRequest, concerns, refusalOf } from "./admission.ts";

const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

/** Nobody asks for a certificate that stands above all authorization. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: "CertificateSubjectRestriction",
  looksAt: ["certificatesigningrequests.certificates.k8s.io"],
  validate(request) {
    if (!concerns(request, "certificates.k8s.io", "certificatesigningrequests", "CREATE")) return;
    if (request.object!.spec.signerName !== CLIENT_SIGNER) return;
    if (organizationsAskedFor(request).includes(MASTERS))
      throw refusalOf(request, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};

function organizationsAskedFor(request: AdmissionRequest): string[] {
  try {
    return readCertificateRequest(request.object!.spec.request).subject.organizations;
  } catch (error) {
    throw refusalOf(request, `failed to parse CSR: ${errorMessage(error)}`);
  }
}
