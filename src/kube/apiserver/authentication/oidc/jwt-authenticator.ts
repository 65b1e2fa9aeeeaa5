import { type Clock, errorMessage, type Logger, rfc3339Seconds } from "../../../../base/index.ts";
import { type Authentication, AuthenticationFailure, type TokenAuthenticator } from "../authenticator.ts";
import { isSigningAlgorithm, type SigningAlgorithm } from "../json-web-signature.ts";
import { type Claims, splitToken, type UnprovenToken } from "../json-web-token.ts";
import { type IssuerClient, jsonOf } from "./issuer-client.ts";
import { RemoteKeySet } from "./remote-key-set.ts";
import { userOfClaims } from "./user-of-claims.ts";
import type { CompiledJwtConfig } from "./validate-authentication-configuration.ts";

export interface JwtAuthenticatorOptions {
  compiled: CompiledJwtConfig;
  algorithms: readonly SigningAlgorithm[];
  client: IssuerClient;
  logger: Logger;
  clock: Clock;
}

/** As go-oidc allows for clocks that go wrong, where a token says when it begins. */
const LEEWAY_SECONDS = 60;
/** Heads may hold a chain of certificates. */
const MAX_HEAD_CHARACTERS = 16_384;
const MAX_TOKEN_CHARACTERS = 256 * 1024;
const WELL_KNOWN = "/.well-known/openid-configuration";
const GOOGLE = "https://accounts.google.com";
const GOOGLE_WITHOUT_SCHEME = "accounts.google.com";

/** Users by the ID tokens of one issuer of OpenID Connect. None is taken before `discover` has found the issuer's keys. */
export class JwtAuthenticator implements TokenAuthenticator {
  readonly #options: JwtAuthenticatorOptions;
  readonly #issuer: string;
  #keys: RemoteKeySet | undefined;

  constructor(options: JwtAuthenticatorOptions) {
    this.#options = options;
    this.#issuer = options.compiled.config.issuer?.url ?? "";
  }

  get isReady(): boolean {
    return this.#keys !== undefined;
  }

  /** Reads where the issuer's keys are. Throws where it does not tell, or is another one. */
  async discover(): Promise<void> {
    const { compiled, client, clock } = this.#options;
    const { discoveryURL = "" } = compiled.config.issuer ?? {};
    const found = jsonOf(await client.get(discoveryURL || this.#issuer.replace(/\/$/, "") + WELL_KNOWN));
    if (found.issuer !== this.#issuer)
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(this.#issuer)} got ${JSON.stringify(found.issuer ?? "")}`,
      );
    const { jwks_uri: url } = found;
    if (typeof url !== "string")
      throw new Error("oidc: failed to decode provider discovery object: no jwks_uri");
    this.#keys = new RemoteKeySet({ url, client, clock });
  }

  async authenticateToken(token: string): Promise<Authentication | undefined> {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const unproven = splitToken(token, MAX_HEAD_CHARACTERS);
    const claims = unproven?.claims();
    if (!unproven || !claims || !this.#hasIssued(claims)) return undefined;
    if (!this.#keys) throw new AuthenticationFailure("oidc: authenticator not initialized");
    try {
      this.#checkClaims(claims);
      await this.#checkSignature(unproven, this.#keys);
    } catch (error) {
      throw new AuthenticationFailure(`oidc: verify token: ${errorMessage(error)}`, { cause: error });
    }
    try {
      return { user: userOfClaims(this.#options.compiled, claims) };
    } catch (error) {
      throw new AuthenticationFailure(errorMessage(error), { cause: error });
    }
  }

  #hasIssued({ iss }: Claims): boolean {
    return iss === this.#issuer || (iss === GOOGLE_WITHOUT_SCHEME && this.#issuer === GOOGLE);
  }

  /** Before anything is proven: it is cheap, and spares reading keys for tokens that would not count. */
  #checkClaims({ aud, exp, nbf }: Claims): void {
    const { audiences = [] } = this.#options.compiled.config.issuer ?? {};
    const named = Array.isArray(aud) ? aud : [aud];
    if (!named.some((one) => audiences.includes(one)))
      throw new Error(
        `oidc: expected audience in [${audiences.map((one) => JSON.stringify(one)).join(" ")}] got ${JSON.stringify(named)}`,
      );
    const nowMs = this.#options.clock.nowMs();
    if (typeof exp !== "number" || exp * 1000 < nowMs)
      throw new Error(`oidc: token is expired (Token Expiry: ${shownTime(exp)})`);
    if (
      nbf !== undefined &&
      nbf !== null &&
      !(typeof nbf === "number" && nbf - LEEWAY_SECONDS <= nowMs / 1000)
    )
      throw new Error(
        `oidc: current time ${rfc3339Seconds(nowMs)} before the nbf (not before) time: ${shownTime(nbf)}`,
      );
  }

  async #checkSignature(unproven: UnprovenToken, keys: RemoteKeySet): Promise<void> {
    const { algorithm, keyId, text, signature, isCritical } = unproven;
    const { algorithms } = this.#options;
    if (!isSigningAlgorithm(algorithm) || !algorithms.includes(algorithm))
      throw new Error(
        `oidc: id token signed with unsupported algorithm, expected [${algorithms.map((one) => JSON.stringify(one)).join(" ")}] got ${JSON.stringify(algorithm ?? "")}`,
      );
    if (isCritical) throw new Error("failed to verify signature: unsupported crit header");
    const named = typeof keyId === "string" && keyId !== "" ? keyId : undefined;
    try {
      await keys.verify({ text, signature, algorithm, keyId: named });
    } catch (error) {
      throw new Error(`failed to verify signature: ${errorMessage(error)}`, { cause: error });
    }
  }
}

function shownTime(seconds: unknown): string {
  const isTime = typeof seconds === "number" && Math.abs(seconds) < 8.64e12;
  return isTime ? rfc3339Seconds(seconds * 1000) : JSON.stringify(seconds ?? "none");
}
