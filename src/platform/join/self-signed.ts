import { createPublicKey } from "node:crypto";
import type { Clock } from "../../base/index.ts";
import type { ServingPair } from "../../kube/kubelet/index.ts";
import { generateKey, issueCertificate, privateKeyPem } from "../../kube/pki/index.ts";

const DAY_MS = 24 * 3600_000;

/** A certificate that nobody trusts, for the moments until there is one of the cluster's. */
export function selfSigned(nodeName: string, names: readonly string[], clock: Clock): ServingPair {
  const privateKey = generateKey();
  const subject = { commonName: `${nodeName}-self-signed` };
  const certPem = issueCertificate({
    subject,
    publicKey: createPublicKey(privateKey),
    issuer: { subject, privateKey },
    usage: "server",
    names,
    notBeforeMs: clock.nowMs() - DAY_MS,
    notAfterMs: clock.nowMs() + DAY_MS,
  });
  return { certPem, keyPem: privateKeyPem(privateKey) };
}
