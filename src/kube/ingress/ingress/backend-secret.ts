import type { Backend } from "../../../reverse-proxy/index.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import { pairOf, textOf } from "../tls-secret.ts";

/** What the proxy shows backends and whom it believes, by a Secret (`tls.crt`, `tls.key`, `ca.crt`), or why that cannot be had. */
export function withBackendSecret(
  tls: NonNullable<Backend["tls"]>,
  key: string,
  lookup: ClusterLookup,
): NonNullable<Backend["tls"]> | { readonly error: string } {
  const secret = lookup.secret(key);
  if (!secret) return { error: `Secret ${key} does not exist` };
  const pair = pairOf(secret);
  if ("error" in pair) return { error: `Secret ${key} cannot be used for TLS: ${pair.error}` };
  const ca = textOf(secret, "ca.crt");
  return { ...tls, clientCert: pair, ...(ca === undefined ? {} : { ca }) };
}
