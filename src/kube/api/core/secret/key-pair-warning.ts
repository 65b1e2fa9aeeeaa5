import { Buffer } from "node:buffer";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { pemBlocks } from "../../../../formats/index.ts";
import type { Secret } from "../../generated/types.ts";

/** A TLS secret is taken whatever stands in it; that its key is none of its certificate's is told (Go's tls.X509KeyPair). */
export function keyPairWarning({ type, data = {} }: Secret): string[] {
  if (type !== "kubernetes.io/tls") return [];
  const why = keyPairProblem(decoded(data["tls.crt"]), decoded(data["tls.key"]));
  return why === undefined ? [] : [why];
}

const decoded = (base64 = "") => Buffer.from(base64, "base64").toString("latin1");

function keyPairProblem(certificates: string, keys: string): string | undefined {
  const certificateBlocks = pemBlocks(certificates);
  const [certificate] = certificateBlocks.filter(({ label }) => label === "CERTIFICATE");
  if (!certificate) return noCertificate(certificateBlocks.map(({ label }) => label));
  const keyBlocks = pemBlocks(keys);
  const key = keyBlocks.find(({ label }) => isPrivateKey(label));
  if (!key) return noKey(keyBlocks.map(({ label }) => label));
  const parsedCertificate = orNone(() => new X509Certificate(certificate.text));
  if (!parsedCertificate) return "x509: malformed certificate";
  const parsedKey = orNone(() => createPrivateKey(key.text));
  if (!parsedKey) return "tls: failed to parse private key";
  return parsedCertificate.checkPrivateKey(parsedKey)
    ? undefined
    : "tls: private key does not match public key";
}

function orNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const isPrivateKey = (label: string) => label === "PRIVATE KEY" || label.endsWith(" PRIVATE KEY");

function noCertificate(skipped: readonly string[]): string {
  if (skipped.length === 0) return "tls: failed to find any PEM data in certificate input";
  if (skipped.length === 1 && isPrivateKey(skipped[0]!))
    return "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched";
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${skipped.join(" ")}]`;
}

function noKey(skipped: readonly string[]): string {
  if (skipped.length === 0) return "tls: failed to find any PEM data in key input";
  if (skipped.length === 1 && skipped[0] === "CERTIFICATE")
    return "tls: found a certificate rather than a key in the PEM for the private key";
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${skipped.join(" ")}]`;
}
