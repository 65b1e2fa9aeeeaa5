import type { IncomingMessage } from "node:http";
import { deepFreeze } from "../../client/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { type Authentication, AuthenticationFailure, type RequestAuthenticator } from "./authenticator.ts";
import { CREDENTIAL_ID } from "./users.ts";
import type { PeerVerifier, VerifiedPeer } from "./verified-peer.ts";

/** Users by their certificates: the common name, in the organizations as groups (apiserver's authentication/request/x509). */
export class ClientCertificates implements RequestAuthenticator {
  readonly #verifier: PeerVerifier;
  readonly #known = new WeakMap<VerifiedPeer, Authentication>();

  constructor(verifier: PeerVerifier) {
    this.#verifier = verifier;
  }

  async authenticateRequest(request: IncomingMessage): Promise<Authentication | undefined> {
    const peer = this.#verifier.verify(request);
    if (!peer || peer.subject.commonName === "") return undefined;
    let found = this.#known.get(peer);
    if (!found) {
      // All requests of the connection get it.
      found = { user: deepFreeze(userOf(peer)) };
      this.#known.set(peer, found);
    }
    return found;
  }
}

function userOf({ subject, fingerprint }: VerifiedPeer): UserInfo {
  const { commonName, organizations, userIds } = subject;
  const uid = userIdOf(userIds);
  return {
    name: commonName,
    groups: organizations,
    ...(uid === undefined ? {} : { uid }),
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint}`] },
  };
}

function userIdOf(ids: readonly string[]): string | undefined {
  if (ids.length > 1)
    throw new AuthenticationFailure(`expected 1 UID, but found multiple: [${ids.join(" ")}]`);
  if (ids[0] === "") throw new AuthenticationFailure("UID cannot be an empty string");
  return ids[0];
}
