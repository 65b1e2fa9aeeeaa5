import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { errorMessage, invalidArgument } from "../../../base/index.ts";

/** One value of `--tls-sni-cert-key`, with what its files hold. */
export interface NamedCertificate {
  /** Those that it is to be shown for; none: its own. */
  names: readonly string[];
  certPem: string;
  keyPem: string;
}

/** Takes `CERTFILE,KEYFILE` or `CERTFILE,KEYFILE:NAME,…` apart. Throws InvalidArgument. */
export function parseCertKey(value: string): { certFile: string; keyFile: string; names: string[] } {
  const wrong = (problem: string) =>
    invalidArgument(`invalid argument ${JSON.stringify(value)} for "--tls-sni-cert-key" flag: ${problem}`);
  const colon = value.indexOf(":");
  const names = colon < 0 ? undefined : value.slice(colon + 1).trim();
  if (names === "") throw wrong("empty names list is not allowed");
  const files = (colon < 0 ? value : value.slice(0, colon)).trim().split(",");
  if (files.length !== 2) throw wrong("expected comma separated certificate and key file paths");
  const [certFile, keyFile] = files.map((file) => file.trim()) as [string, string];
  return { certFile, keyFile, names: names?.split(",").map((name) => name.trim()) ?? [] };
}

/**
 * Which certificate is shown for the name that a client asks for: earlier ones count before later ones, names that were given before a
 * certificate's own, exact ones before `*.example`. Clients are believed whose certificate `clientCa` has signed. Throws InvalidArgument for a pair that is none.
 */
export function certificatesByName(
  pairs: readonly NamedCertificate[],
  clientCa?: string,
): (serverName: string) => SecureContext | undefined {
  const own = new Map<string, SecureContext>();
  const given = new Map<string, SecureContext>();
  for (const [index, { names, certPem, keyPem }] of pairs.entries()) {
    const context = contextOf(index, {
      cert: certPem,
      key: keyPem,
      ...(clientCa === undefined ? {} : { ca: clientCa }),
    });
    const to = names.length > 0 ? given : own;
    for (const name of names.length > 0 ? names : namesOf(certPem))
      if (!to.has(name.toLowerCase())) to.set(name.toLowerCase(), context);
  }
  const find = (name: string) => given.get(name) ?? own.get(name);
  return (serverName) => {
    const name = serverName.toLowerCase().replace(/\.$/, "");
    return find(name) ?? find(name.replace(/^[^.]*/, "*"));
  };
}

function contextOf(index: number, options: SecureContextOptions): SecureContext {
  try {
    // An empty file would be taken for nothing at all.
    new X509Certificate(String(options.cert));
    createPrivateKey(String(options.key));
    return createSecureContext(options);
  } catch (error) {
    throw invalidArgument(`invalid SNI cert keypair [${index}]: ${errorMessage(error)}`, { cause: error });
  }
}

const NAME = /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Its common name, where that can be a host's, and its DNS names. No client names an address. */
function namesOf(certPem: string): string[] {
  const { subject, subjectAltName = "" } = new X509Certificate(certPem);
  const commonName = /^CN=(.*)$/m.exec(subject ?? "")?.[1] ?? "";
  const isHost = commonName === "*" || (isIP(commonName) === 0 && NAME.test(commonName));
  const others = subjectAltName
    .split(", ")
    .flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice("DNS:".length)] : []));
  return [...(isHost ? [commonName] : []), ...others];
}
