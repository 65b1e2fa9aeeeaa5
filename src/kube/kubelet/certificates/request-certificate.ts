import { randomBytes } from "node:crypto";
import { GantryError } from "../../../base/index.ts";
import { type CertificateSigningRequest, certificateSigningRequests } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { createRequest, generateKey, privateKeyPem, type Subject } from "../../pki/index.ts";

export interface CertificateOrder {
  /** `kubernetes.io/kubelet-serving` */
  signer: string;
  subject: Subject;
  /** DNS names and IP addresses of a server. */
  names?: readonly string[];
  usages: readonly string[];
}

export interface IssuedCertificate {
  certPem: string;
  keyPem: string;
}

/** Whoever decided says no. */
export const REQUEST_DENIED = "Kubelet.RequestDenied";

/**
 * Asks the cluster for a certificate and waits until somebody has approved and signed it. Throws PermissionDenied (REQUEST_DENIED)
 * with what the one who decides says, Unavailable where the watch ends first.
 */
export async function requestCertificate(
  client: KubeClient,
  order: CertificateOrder,
  signal: AbortSignal,
): Promise<IssuedCertificate> {
  const privateKey = generateKey();
  const request = createRequest({ ...order, privateKey });
  const name = `csr-${randomBytes(8).toString("hex")}`;
  const made = await client.create(certificateSigningRequests, {
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: order.signer,
      usages: [...order.usages],
    },
  });
  const events = client.watch(certificateSigningRequests, {
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: made.metadata.resourceVersion,
    signal,
  });
  for await (const event of events) {
    if (event.type === "BOOKMARK") continue;
    const certPem = certificateOf(event.object);
    if (certPem !== undefined) return { certPem, keyPem: privateKeyPem(privateKey) };
    if (event.type === "DELETED") break;
  }
  throw new GantryError("Unavailable", "the watch of a certificate request ended before it was answered");
}

function certificateOf({ status }: CertificateSigningRequest): string | undefined {
  for (const { type, message } of status?.conditions ?? []) {
    if (type !== "Denied" && type !== "Failed") continue;
    const why = message || `the request for a certificate has ${type.toLowerCase()}`;
    throw new GantryError("PermissionDenied", why, { code: REQUEST_DENIED });
  }
  return status?.certificate ? Buffer.from(status.certificate, "base64").toString("utf8") : undefined;
}
