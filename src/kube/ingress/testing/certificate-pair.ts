import { createPublicKey } from "node:crypto";
import { generateKey, issueCertificate, privateKeyPem } from "../../pki/index.ts";
import type { CertificatePair } from "../tls-secret.ts";

/** A certificate for a name, signed by itself, valid for a hundred years. */
export function certificatePair(name: string): CertificatePair {
  const privateKey = generateKey();
  const subject = { commonName: name };
  const cert = issueCertificate({
    subject,
    publicKey: createPublicKey(privateKey),
    issuer: { subject, privateKey },
    usage: "server",
    names: [name],
    notBeforeMs: Date.UTC(2020),
    notAfterMs: Date.UTC(2120),
  });
  return { cert, key: privateKeyPem(privateKey) };
}
