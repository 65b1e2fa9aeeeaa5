import { createPrivateKey, X509Certificate } from "node:crypto";
import { errorMessage } from "../../base/index.ts";
import type { Secret } from "../api/index.ts";

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** The pair of a Secret of type kubernetes.io/tls, or why it has none that can be used. */
export function pairOf(secret: Secret): CertificatePair | { readonly error: string } {
  const cert = textOf(secret, "tls.crt");
  const key = textOf(secret, "tls.key");
  if (!cert) return { error: "it has no tls.crt" };
  if (!key) return { error: "it has no tls.key" };
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      return { error: "tls.key is not the key of the certificate in tls.crt" };
    return { cert, key };
  } catch (error) {
    return { error: `its certificate or key cannot be read: ${errorMessage(error)}` };
  }
}

/** Whether a certificate is good for a host; a wildcard must stand in it as it is. */
export function isFor({ cert }: CertificatePair, host: string): boolean {
  return new X509Certificate(cert).checkHost(host.replace(/^\*\./, "any.")) !== undefined;
}

export function textOf({ data }: Secret, key: string): string | undefined {
  const encoded = data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}
