import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { pemBlocks } from "../../../formats/index.ts";

const MAX_CHAINS = 4096;

/** A certificate whose key the client has. */
export interface PeerCertificate {
  /** In DER. */
  raw: Buffer;
  /** SHA-256, in lower-case hexadecimal digits. */
  fingerprint: string;
  serialNumber: string;
  validFromMs: number;
  validToMs: number;
  /** Why none of the authorities that the server knows vouches for it. */
  problem: string | undefined;
  /** Fingerprints of the certificates over it. */
  issuers: readonly string[];
}

/** The certificates of the authorities in a PEM text, by their fingerprints. */
export function authorityFingerprints(pem: string): ReadonlySet<string> {
  const certificates = pemBlocks(pem).filter(({ label }) => label === "CERTIFICATE");
  return new Set(certificates.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex")));
}

/** The clients' certificates, each looked at once a connection. */
export class PeerCertificates {
  /** Undefined: it has none, and gets none later, for nobody renegotiates. */
  readonly #bySocket = new WeakMap<TLSSocket, PeerCertificate | undefined>();
  /** What stood over a certificate in a whole handshake: a resumed session has the certificate alone. */
  readonly #issuers = new Map<string, readonly string[]>();

  of({ socket }: IncomingMessage): PeerCertificate | undefined {
    const tls = socket as TLSSocket;
    const known = this.#bySocket.get(tls);
    if (known || this.#bySocket.has(tls)) return known;
    // Plain HTTP has no such function; without a client certificate the object is empty.
    const certificate = tls.getPeerCertificate?.(true);
    const peer = certificate?.raw && this.#read(tls, certificate);
    this.#bySocket.set(tls, peer);
    return peer;
  }

  #read(tls: TLSSocket, certificate: DetailedPeerCertificate): PeerCertificate {
    const fingerprint = hex(certificate);
    return {
      raw: certificate.raw,
      fingerprint,
      serialNumber: certificate.serialNumber,
      validFromMs: Date.parse(certificate.valid_from),
      validToMs: Date.parse(certificate.valid_to),
      problem: tls.authorized ? undefined : String(tls.authorizationError),
      issuers: tls.authorized ? this.#issuersOf(fingerprint, certificate) : [],
    };
  }

  #issuersOf(fingerprint: string, certificate: DetailedPeerCertificate): readonly string[] {
    const found: string[] = [];
    let at = certificate;
    while (at.issuerCertificate && at.issuerCertificate !== at) {
      at = at.issuerCertificate;
      found.push(hex(at));
    }
    if (found.length === 0) return this.#issuers.get(fingerprint) ?? [];
    this.#issuers.delete(fingerprint);
    this.#issuers.set(fingerprint, found);
    if (this.#issuers.size > MAX_CHAINS) this.#issuers.delete(this.#issuers.keys().next().value!);
    return found;
  }
}

const hex = ({ fingerprint256 }: DetailedPeerCertificate) => fingerprint256.replaceAll(":", "").toLowerCase();
