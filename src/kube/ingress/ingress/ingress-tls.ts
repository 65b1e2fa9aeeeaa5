import type { Ingress } from "../../api/index.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import type { Problem } from "../problem.ts";
import { type CertificatePair, isFor, pairOf } from "../tls-secret.ts";

export interface HostTls {
  /** Absent: the proxy signs one itself. */
  readonly certificate?: CertificatePair;
}

interface TlsEntry {
  hosts: readonly string[];
  pair: CertificatePair | undefined;
}

/** Which hosts of an Ingress have TLS, and by which certificate. */
export class IngressTls {
  readonly problems: Problem[] = [];
  readonly #entries: TlsEntry[];

  constructor({ metadata, spec }: Ingress, lookup: ClusterLookup) {
    this.#entries = (spec.tls ?? []).map(({ hosts = [], secretName }) => ({
      hosts: hosts.map((host) => host.toLowerCase()),
      pair: secretName ? this.#pair(`${metadata.namespace}/${secretName}`, lookup) : undefined,
    }));
  }

  /** Absent: nothing is said of TLS for this host. An entry that names no hosts is for those of its certificate. */
  of(host: string): HostTls | undefined {
    const named = this.#entries.find(({ hosts }) => hosts.some((one) => covers(one, host)));
    const entry =
      named ??
      this.#entries.find(
        ({ hosts, pair }) => hosts.length === 0 && (!pair || host === "*" || isFor(pair, host)),
      );
    if (!entry) return undefined;
    return entry.pair ? { certificate: entry.pair } : {};
  }

  #pair(key: string, lookup: ClusterLookup): CertificatePair | undefined {
    const secret = lookup.secret(key);
    if (!secret) {
      this.problems.push({ reason: "SecretNotFound", message: `Secret ${key} does not exist` });
      return undefined;
    }
    const pair = pairOf(secret);
    if (!("error" in pair)) return pair;
    this.problems.push({
      reason: "InvalidSecret",
      message: `Secret ${key} cannot be used for TLS: ${pair.error}`,
    });
    return undefined;
  }
}

/** `*.example` covers one label. */
function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  if (!pattern.startsWith("*.") || host.startsWith("*")) return false;
  return host.slice(host.indexOf(".")) === pattern.slice(1);
}
