import type { IncomingMessage } from "node:http";
import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import { DerError, type DistinguishedName, subjectOfCertificate } from "../../../formats/index.ts";
import { AuthenticationFailure } from "./authenticator.ts";
import { authorityFingerprints, type PeerCertificate, type PeerCertificates } from "./peer-certificates.ts";

export interface VerifiedPeer {
  subject: DistinguishedName;
  fingerprint: string;
}

/** Says whether a client's certificate is of certain authorities. */
export class PeerVerifier {
  readonly #peers: PeerCertificates;
  readonly #authorities: ReadonlySet<string>;
  readonly #clock: Clock;
  readonly #verified = new WeakMap<PeerCertificate, VerifiedPeer>();

  /** `caPem`: one certificate or several. */
  constructor({ peers, caPem, clock }: { peers: PeerCertificates; caPem: string; clock: Clock }) {
    this.#peers = peers;
    this.#authorities = authorityFingerprints(caPem);
    this.#clock = clock;
  }

  /**
   * Undefined where there is no certificate; of a connection always the same object. Throws AuthenticationFailure for one that does
   * not count, or does no longer.
   */
  verify(request: IncomingMessage): VerifiedPeer | undefined {
    const peer = this.#peers.of(request);
    if (!peer) return undefined;
    const problem = this.#problemOf(peer);
    if (problem !== undefined)
      throw new AuthenticationFailure(
        `verifying certificate SN=${BigInt(`0x${peer.serialNumber || "0"}`)} failed: ${problem}`,
      );
    const known = this.#verified.get(peer);
    if (known) return known;
    try {
      const verified = { subject: subjectOfCertificate(peer.raw), fingerprint: peer.fingerprint };
      this.#verified.set(peer, verified);
      return verified;
    } catch (error) {
      if (error instanceof DerError) throw new AuthenticationFailure(error.message);
      throw error;
    }
  }

  #problemOf({ problem, issuers, fingerprint, validFromMs, validToMs }: PeerCertificate): string | undefined {
    // A connection may last longer than the certificate.
    const nowMs = this.#clock.nowMs();
    const now = rfc3339Seconds(nowMs);
    const outside = "x509: certificate has expired or is not yet valid: current time";
    if (nowMs > validToMs) return `${outside} ${now} is after ${rfc3339Seconds(validToMs)}`;
    if (nowMs < validFromMs) return `${outside} ${now} is before ${rfc3339Seconds(validFromMs)}`;
    if (problem === undefined && [fingerprint, ...issuers].some((one) => this.#authorities.has(one)))
      return undefined;
    return "x509: certificate signed by unknown authority";
  }
}
