import { isIP } from "node:net";
import type { SecureVersion } from "node:tls";
import type { FlagValues } from "../../../formats/index.ts";
import { cipherListOf } from "./cipher-suites.ts";
import { certificatesByName, type NamedCertificate, parseCertKey } from "./named-certificates.ts";
import { fileOf, type OptionProblems, textOfFile } from "./option-problems.ts";

export interface ServingTls {
  /** Of the server, instead of the instance's own. */
  pair?: { certPem: string; keyPem: string };
  minVersion?: SecureVersion;
  /** As OpenSSL names them. */
  ciphers?: string;
  /** Other certificates, for the name that a client asks for. */
  named?: readonly NamedCertificate[];
}

const TLS_VERSIONS: Record<string, SecureVersion> = {
  VersionTLS10: "TLSv1",
  VersionTLS11: "TLSv1.1",
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
};

/** `--tls-…` */
export async function readTls(flags: FlagValues, problems: OptionProblems): Promise<ServingTls> {
  const certPem = await problems.during(() => fileOf(flags, "tls-cert-file"));
  const keyPem = await problems.during(() => fileOf(flags, "tls-private-key-file"));
  if ((flags.text("tls-cert-file") === "") !== (flags.text("tls-private-key-file") === ""))
    problems.add("--tls-cert-file and --tls-private-key-file must be specified together");
  const name = flags.text("tls-min-version");
  const minVersion = TLS_VERSIONS[name];
  if (name !== "" && !minVersion) problems.add(`unknown tls version ${JSON.stringify(name)}`);
  const ciphers = cipherListOf(flags.list("tls-cipher-suites"), (suite) =>
    problems.add(`Cipher suite ${suite} not supported or doesn't exist`),
  );
  const named: NamedCertificate[] = [];
  for (const value of flags.list("tls-sni-cert-key")) {
    const pair = await problems.during(() => namedCertificateOf(value));
    if (pair) named.push(pair);
  }
  await problems.during(() => certificatesByName(named));
  return {
    ...(certPem && keyPem ? { pair: { certPem, keyPem } } : {}),
    ...(minVersion ? { minVersion } : {}),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(named.length > 0 ? { named } : {}),
  };
}

async function namedCertificateOf(value: string): Promise<NamedCertificate> {
  const { certFile, keyFile, names } = parseCertKey(value);
  return {
    names,
    certPem: await textOfFile(certFile, "tls-sni-cert-key"),
    keyPem: await textOfFile(keyFile, "tls-sni-cert-key"),
  };
}

/** What clients may do over HTTP/2. */
export interface ServingHttp2 {
  isOffered: boolean;
  /** Streams that a connection may have open at a time. */
  maxStreams: number;
  /** The fraction of requests after which a client is told to connect anew. */
  goawayChance: number;
}

/** Upstream's without flags: as many streams as clients take for granted before they are told (SecureServingInfo.Serve). */
export const DEFAULT_HTTP2: ServingHttp2 = { isOffered: true, maxStreams: 100, goawayChance: 0 };

export function readHttp2(flags: FlagValues, problems: OptionProblems): ServingHttp2 {
  const maxStreams = flags.number("http2-max-streams-per-connection");
  const goawayChance = flags.number("goaway-chance");
  if (goawayChance < 0 || goawayChance > 0.02)
    problems.add("--goaway-chance can not be less than 0 or greater than 0.02");
  return {
    isOffered: !flags.flag("disable-http2-serving"),
    maxStreams: maxStreams > 0 ? maxStreams : DEFAULT_HTTP2.maxStreams,
    goawayChance,
  };
}

/** The address to listen on; undefined: all. */
export function readBindAddress(flags: FlagValues, problems: OptionProblems): string | undefined {
  const address = flags.text("bind-address");
  if (isIP(address) === 0) {
    problems.add(
      `invalid argument ${JSON.stringify(address)} for "--bind-address" flag: failed to parse IP: ${JSON.stringify(address)}`,
    );
    return undefined;
  }
  return address === "0.0.0.0" || address === "::" ? undefined : address;
}

/** `a`, `a-b` or `a+n` (apimachinery's net.PortRange); undefined where it is none. */
export function readPortRange(
  flags: FlagValues,
  problems: OptionProblems,
): { first: number; last: number } | undefined {
  const value = flags.text("service-node-port-range").trim();
  const [, low = "", sign, high = ""] = /^(\d+)(?:([-+])(\d+))?$/.exec(value) ?? [];
  const first = Number(low);
  const last = sign === undefined ? first : sign === "+" ? first + Number(high) : Number(high);
  const wrong = portRangeProblem(value, low, first, last);
  if (wrong === undefined) return { first, last };
  problems.add(`invalid argument ${JSON.stringify(value)} for "--service-node-port-range" flag: ${wrong}`);
  return undefined;
}

function portRangeProblem(value: string, low: string, first: number, last: number): string | undefined {
  if (low === "") return `unable to parse port range: ${value}`;
  if (first > 65_535 || last > 65_535) return `the port range cannot be greater than 65535: ${value}`;
  return last < first ? `end port cannot be less than start port: ${value}` : undefined;
}
