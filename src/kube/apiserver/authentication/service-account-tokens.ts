import { randomUUID } from "node:crypto";
import type { Clock } from "../../../base/index.ts";
import type { KubeObject } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { TokenSigningKey } from "../certificates.ts";
import type { Authentication, TokenAuthenticator } from "./authenticator.ts";
import { type Claims, signToken, type VerificationKey, verifyToken } from "./json-web-token.ts";
import { ProvenTokens } from "./proven-tokens.ts";
import { CREDENTIAL_ID, serviceAccountGroups, serviceAccountUserName } from "./users.ts";

/** Newest state of an object, or undefined where there is none. */
export type ObjectLookup = (
  resource: "serviceaccounts" | "pods" | "secrets" | "nodes",
  namespace: string | undefined,
  name: string,
) => Promise<KubeObject | undefined>;

export interface ServiceAccountTokensOptions {
  key: TokenSigningKey;
  /** What tokens are proven with; that of `key` where it is absent. */
  keys?: readonly VerificationKey[];
  /** The first one issues, tokens of all of them are taken. */
  issuers: readonly [string, ...string[]];
  /** Audiences under which this API accepts tokens; the issuers where it is absent. */
  audiences?: readonly string[];
  /** No token lives longer; absent: as long as it was asked for. */
  maxExpirationSeconds?: number;
  /** Whether pods' own tokens live for a year; they do where it is absent. */
  extendsExpiration?: boolean;
  lookup: ObjectLookup;
  clock: Clock;
}

/** What an administrator may say of them (`--service-account-…`). */
export interface ServiceAccountTokenSettings
  extends Partial<Omit<ServiceAccountTokensOptions, "lookup" | "clock">> {
  /** Where the keys are told to be (`--service-account-jwks-uri`). */
  jwksUri?: string;
}

export interface BoundObject {
  kind: "Pod" | "Secret" | "Node";
  name: string;
  uid: string;
}

interface Reference {
  name: string;
  uid: string;
}

interface KubernetesClaims {
  namespace: string;
  serviceaccount: Reference;
  pod?: Reference;
  secret?: Reference;
  node?: Reference;
  warnafter?: number;
}

/** A token of ours, which may have ended. */
interface ProvenToken {
  claims: Claims;
  bound: KubernetesClaims;
  /** One for all requests with the token: what is worked out for it need not be worked out again. */
  user: UserInfo;
}

/** A token asked for with this lifetime is a pod's own, which older client libraries do not read again: see `issue`. */
const PROJECTED_TOKEN_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

/** Tokens of service accounts: JSON web tokens bound to their account and, where one is named, to a pod, secret or node. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokensOptions;
  readonly #proven = new ProvenTokens((token) => this.#prove(token));

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuers[0];
  }

  get issuers(): readonly string[] {
    return this.#options.issuers;
  }

  get audiences(): readonly string[] {
    return this.#options.audiences ?? this.#options.issuers;
  }

  /** What tokens are proven with. */
  get keys(): readonly VerificationKey[] {
    return this.#options.keys ?? [this.#options.key];
  }

  /** How long a token may live that is to live for so long. */
  allowedSeconds(seconds: number): number {
    return Math.min(seconds, this.#options.maxExpirationSeconds ?? seconds);
  }

  /**
   * A pod's default token is valid for a year although an hour was asked for, as upstream's
   * `service-account-extend-token-expiration`: it ends with the pod in any case. `expiresAtMs` is the time asked for,
   * at which the kubelet renews.
   */
  issue(
    account: KubeObject,
    request: {
      audiences: readonly string[];
      expirationSeconds: number;
      bound?: BoundObject;
      node?: Reference;
    },
  ): { token: string; expiresAtMs: number; tokenId: string } {
    const { key, clock, extendsExpiration = true } = this.#options;
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const extend =
      extendsExpiration &&
      request.expirationSeconds === PROJECTED_TOKEN_SECONDS &&
      request.bound?.kind === "Pod" &&
      request.audiences.every((audience) => this.audiences.includes(audience));
    const tokenId = randomUUID();
    const kubernetes: KubernetesClaims = {
      namespace: account.metadata.namespace!,
      ...(request.node === undefined ? {} : { node: request.node }),
      ...(request.bound === undefined ? {} : boundClaim(request.bound)),
      serviceaccount: { name: account.metadata.name, uid: account.metadata.uid },
      ...(extend ? { warnafter: nowSeconds + PROJECTED_TOKEN_SECONDS } : {}),
    };
    const claims = {
      aud: request.audiences,
      exp: nowSeconds + (extend ? EXTENDED_SECONDS : request.expirationSeconds),
      iat: nowSeconds,
      iss: this.issuer,
      jti: tokenId,
      "kubernetes.io": kubernetes,
      nbf: nowSeconds,
      sub: serviceAccountUserName(account.metadata.namespace!, account.metadata.name),
    };
    return {
      token: signToken(claims, key),
      expiresAtMs: (nowSeconds + request.expirationSeconds) * 1000,
      tokenId,
    };
  }

  /** The user behind a token, or undefined when it is not ours, expired, for others, or what it is bound to is gone. */
  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const proven = this.#proven.get(token);
    if (!proven) return undefined;
    const { claims, bound, user } = proven;
    const nowSeconds = this.#options.clock.nowMs() / 1000;
    if (!(Number(claims.exp) > nowSeconds) || Number(claims.nbf) > nowSeconds + 60) return undefined;
    const named = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
    const common = audiences.filter((audience) => named.includes(audience));
    if (common.length === 0 || !(await this.#stillThere(bound))) return undefined;
    return { user, audiences: common };
  }

  #prove(token: string): ProvenToken | undefined {
    const claims = verifyToken(token, this.keys);
    if (claims === undefined || !this.issuers.includes(String(claims.iss))) return undefined;
    const bound = claims["kubernetes.io"] as KubernetesClaims | undefined;
    if (bound?.serviceaccount === undefined) return undefined;
    return { claims, bound, user: userOf(bound, String(claims.jti)) };
  }

  async #stillThere({ namespace, serviceaccount, pod, secret, node }: KubernetesClaims): Promise<boolean> {
    const { lookup } = this.#options;
    const alive = async (
      resource: Parameters<ObjectLookup>[0],
      inNamespace: string | undefined,
      reference: Reference,
    ) => (await lookup(resource, inNamespace, reference.name))?.metadata.uid === reference.uid;
    if (!(await alive("serviceaccounts", namespace, serviceaccount))) return false;
    if (pod && !(await alive("pods", namespace, pod))) return false;
    if (secret && !(await alive("secrets", namespace, secret))) return false;
    // A token bound to a pod names its node only for information.
    return !node || pod !== undefined || alive("nodes", undefined, node);
  }
}

function boundClaim({ kind, name, uid }: BoundObject): Partial<KubernetesClaims> {
  const reference = { name, uid };
  if (kind === "Pod") return { pod: reference };
  return kind === "Secret" ? { secret: reference } : { node: reference };
}

function userOf({ namespace, serviceaccount, pod, node }: KubernetesClaims, tokenId: string): UserInfo {
  const extra: Record<string, string[]> = {
    [CREDENTIAL_ID]: [`JTI=${tokenId}`],
  };
  if (node) {
    extra["authentication.kubernetes.io/node-name"] = [node.name];
    if (node.uid) extra["authentication.kubernetes.io/node-uid"] = [node.uid];
  }
  if (pod) {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  return {
    name: serviceAccountUserName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}
