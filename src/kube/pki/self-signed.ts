import { createPublicKey } from "node:crypto";
import { generateKey, issueCertificate } from "./issue-certificate.ts";
import { privateKeyPem } from "./key-files.ts";

const HOUR_MS = 3600_000;

/** A server's certificate that nobody trusts, from an hour ago to `forMs` from `nowMs` (both in milliseconds). */
export function selfSigned(
  commonName: string,
  names: readonly string[],
  { nowMs, forMs }: { nowMs: number; forMs: number },
): { certPem: string; keyPem: string } {
  const privateKey = generateKey();
  const subject = { commonName };
  const certPem = issueCertificate({
    subject,
    publicKey: createPublicKey(privateKey),
    issuer: { subject, privateKey },
    usage: "server",
    names,
    notBeforeMs: nowMs - HOUR_MS,
    notAfterMs: nowMs + forMs,
  });
  return { certPem, keyPem: privateKeyPem(privateKey) };
}
