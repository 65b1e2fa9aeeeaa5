import { isIP } from "node:net";
import { type Clock, GantryError, type Logger, shortHash } from "../base/index.ts";
import { type Challenge, parseChallenges } from "./client-challenge.ts";
import { networkError, parseErrorBody } from "./client-errors.ts";
import { type HttpConnections, readShort } from "./client-http.ts";

/** As in Docker's `X-Registry-Auth`. */
export interface RegistryCredentials {
  username?: string;
  password?: string;
  /** A refresh token, exchanged at the token server. */
  identityToken?: string;
  /** Sent to the registry as it is. */
  registryToken?: string;
}

interface Token {
  value: string;
  expiresAtMs: number;
}

const TOKEN_LIMIT_BYTES = 1 << 20;
const DEFAULT_LIFETIME_S = 60;
const MAX_TOKENS = 500;

/**
 * Turns challenges into Authorization headers (distribution's token authentication, and Basic). Credentials reach the
 * registry that they are for and its own token server, never anybody else; headers made here are for the registry's origin only.
 */
export class Authenticator {
  readonly #connections: HttpConnections;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tokens = new Map<string, Token>();

  constructor(connections: HttpConnections, clock: Clock, logger: Logger) {
    this.#connections = connections;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * The header that answers a registry's challenges, or undefined when there is none to give. `fresh`: a token that was
   * remembered has just been refused.
   */
  async answer(
    header: string | undefined,
    registry: URL,
    credentials: RegistryCredentials,
    scopes: readonly string[],
    options: { fresh?: boolean; insecure?: boolean; signal?: AbortSignal } = {},
  ): Promise<string | undefined> {
    if (credentials.registryToken) return `Bearer ${credentials.registryToken}`;
    const challenges = parseChallenges(header ?? "");
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer) return `Bearer ${await this.#token(bearer, registry, credentials, scopes, options)}`;
    if (!challenges.some(({ scheme }) => scheme === "basic")) return undefined;
    if (credentials.username === undefined) {
      throw new GantryError("Unauthenticated", "no basic auth credentials", {
        code: "Registry.NoCredentials",
      });
    }
    return basic(credentials);
  }

  async #token(
    challenge: Challenge,
    registry: URL,
    credentials: RegistryCredentials,
    scopes: readonly string[],
    options: { fresh?: boolean; insecure?: boolean; signal?: AbortSignal },
  ): Promise<string> {
    const realm = this.#realmOf(challenge, registry);
    const service = challenge.parameters.service ?? "";
    const secret = JSON.stringify([credentials.username, credentials.password, credentials.identityToken]);
    const key = shortHash(JSON.stringify([realm.href, service, scopes, secret]), 64);
    const known = this.#tokens.get(key);
    if (known && !options.fresh && known.expiresAtMs > this.#clock.monotonicMs()) return known.value;
    const token = await this.#fetch(realm, service, registry, credentials, scopes, options);
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.clear();
    this.#tokens.set(key, token);
    return token.value;
  }

  #realmOf(challenge: Challenge, registry: URL): URL {
    const text = challenge.parameters.realm ?? "";
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    const isFit =
      realm && (realm.protocol === "https:" || (realm.protocol === "http:" && registry.protocol === "http:"));
    if (!isFit) {
      throw new GantryError(
        "PermissionDenied",
        `the registry ${registry.host} names an unusable token server`,
        {
          code: "Registry.BadRealm",
        },
      );
    }
    return realm;
  }

  async #fetch(
    realm: URL,
    service: string,
    registry: URL,
    credentials: RegistryCredentials,
    scopes: readonly string[],
    { insecure, signal }: { insecure?: boolean; signal?: AbortSignal },
  ): Promise<Token> {
    const isTrusted = mayHaveCredentials(realm, registry);
    if (!isTrusted && (credentials.username !== undefined || credentials.identityToken !== undefined)) {
      this.#logger.warn("credentials withheld from a token server elsewhere", {
        registry: registry.host,
        realm: realm.host,
      });
    }
    const used = isTrusted ? credentials : {};
    const isSameHost = realm.host === registry.host;
    const request = used.identityToken
      ? oauthRequest(realm, service, scopes, used.identityToken)
      : tokenRequest(realm, service, scopes, used);
    const answer = await this.#connections
      .send({ ...request, insecure: insecure && isSameHost, signal })
      .catch((error) => {
        throw networkError(error, request.method, realm, signal);
      });
    const body = await readShort(answer.body, TOKEN_LIMIT_BYTES);
    if (answer.status !== 200) throw tokenError(answer.status, body);
    return this.#tokenOf(body);
  }

  #tokenOf(body: Buffer): Token {
    let value: { token?: unknown; access_token?: unknown; expires_in?: unknown } = {};
    try {
      value = JSON.parse(body.toString("utf8")) as typeof value;
    } catch {
      // Judged below.
    }
    const token = value.token ?? value.access_token;
    if (typeof token !== "string" || token === "" || /[\r\n]/.test(token)) {
      throw new GantryError(
        "Unauthenticated",
        "authorization server did not include a token in the response",
        {
          code: "Registry.NoToken",
        },
      );
    }
    const lifetimeS =
      typeof value.expires_in === "number" && value.expires_in > 0 ? value.expires_in : DEFAULT_LIFETIME_S;
    // A tenth earlier, so that none runs out on its way.
    return { value: token, expiresAtMs: this.#clock.monotonicMs() + lifetimeS * 900 };
  }
}

function tokenRequest(
  realm: URL,
  service: string,
  scopes: readonly string[],
  credentials: RegistryCredentials,
) {
  const url = new URL(realm);
  if (service) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers: Record<string, string> = {};
  if (credentials.username !== undefined) {
    url.searchParams.set("account", credentials.username);
    headers.authorization = basic(credentials);
  }
  return { method: "GET", url, headers };
}

function oauthRequest(realm: URL, service: string, scopes: readonly string[], refreshToken: string) {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service,
    client_id: "gantry",
    scope: scopes.join(" "),
    refresh_token: refreshToken,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", url: new URL(realm), headers, body: Buffer.from(form.toString()) };
}

function tokenError(status: number, body: Buffer): GantryError {
  if (status === 401 || status === 403) {
    return new GantryError("Unauthenticated", "unauthorized: incorrect username or password", {
      code: "Registry.BadCredentials",
      details: { status },
    });
  }
  return new GantryError(
    "Unavailable",
    `failed to fetch oauth token: ${parseErrorBody(status, body).message}`,
    {
      code: "Registry.TokenFailed",
      details: { status },
    },
  );
}

function basic({ username = "", password = "" }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * Whether a registry's token server may see the credentials for that registry: it is the same host and port, or, over TLS
 * on both sides, a host of the same domain (registry.example.com and auth.example.com).
 */
function mayHaveCredentials(realm: URL, registry: URL): boolean {
  if (realm.host === registry.host && realm.protocol === registry.protocol) return true;
  if (realm.protocol !== "https:" || registry.protocol !== "https:") return false;
  const [a, b] = [siteOf(realm.hostname), siteOf(registry.hostname)];
  return a !== undefined && a === b;
}

/** The last two labels of a name, three below the common two-letter second levels (`co.uk`). */
function siteOf(hostname: string): string | undefined {
  const labels = hostname.toLowerCase().split(".");
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || labels.length < 2) return undefined;
  const isCountry = labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3;
  const site = labels.slice(isCountry ? -3 : -2);
  return isCountry && site.length < 3 ? undefined : site.join(".");
}
