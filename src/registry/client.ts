import { type Clock, GantryError, type Logger, systemClock } from "../base/index.ts";
import { Authenticator, type RegistryCredentials } from "./client-auth.ts";
import { describe, parseErrorBody } from "./client-errors.ts";
import { type ConnectionSettings, HttpConnections, readShort } from "./client-http.ts";
import { ClientRepository } from "./client-repository.ts";
import { type Endpoint, findEndpoint, RegistrySession } from "./client-session.ts";
import { isLoopbackHost } from "./loopback-host.ts";

export interface RegistryClientOptions extends ConnectionSettings {
  logger: Logger;
  clock?: Clock;
  /** `host` or `host:port` of registries that may be spoken to over plain HTTP, or with any certificate. */
  insecureRegistries?: readonly string[];
  userAgent?: string;
}

type Found = Awaited<ReturnType<typeof findEndpoint>>;

const DOCKER_HUB = "docker.io";
const DOCKER_HUB_HOST = "registry-1.docker.io";
/** How long it is remembered how a registry is spoken to. */
const ENDPOINT_LIFETIME_MS = 300_000;

/** Talks to any OCI distribution server. Satisfies `RegistryTransport` of images/. */
export class RegistryClient {
  readonly #clock: Clock;
  readonly #insecure: ReadonlySet<string>;
  readonly #userAgent: string;
  readonly #connections: HttpConnections;
  readonly #authenticator: Authenticator;
  readonly #endpoints = new Map<string, { found: Promise<Found>; untilMs: number }>();

  constructor({
    logger,
    clock = systemClock,
    insecureRegistries = [],
    userAgent = "gantry",
    ...connections
  }: RegistryClientOptions) {
    this.#connections = new HttpConnections(connections);
    this.#clock = clock;
    this.#insecure = new Set(insecureRegistries);
    this.#userAgent = userAgent;
    this.#authenticator = new Authenticator(this.#connections, clock, logger);
  }

  repository(
    name: { domain: string; path: string },
    options: { auth?: RegistryCredentials; push?: boolean } = {},
  ): ClientRepository {
    const push = options.push ?? false;
    const session = new RegistrySession({
      connections: this.#connections,
      authenticator: this.#authenticator,
      endpoint: () => this.#endpoint(name.domain),
      credentials: options.auth ?? {},
      scope: `repository:${name.path}:${push ? "pull,push" : "pull"}`,
      userAgent: this.#userAgent,
    });
    return new ClientRepository(session, name, push, this.#clock);
  }

  /** Checks credentials against a registry (`docker login`): resolves when it takes them, Unauthenticated otherwise. */
  async checkCredentials(domain: string, auth: RegistryCredentials): Promise<void> {
    const { endpoint, challenge } = await this.#endpoint(domain);
    const { insecure, origin } = endpoint;
    const authorization = await this.#authenticator.answer(challenge, origin, auth, [], {
      fresh: true,
      insecure,
    });
    if (authorization === undefined) return;
    const headers = { authorization, "user-agent": this.#userAgent };
    const answer = await this.#connections.send({
      method: "GET",
      url: new URL("/v2/", origin),
      headers,
      insecure,
    });
    const body = await readShort(answer.body, 64 * 1024);
    if (answer.status === 200) return;
    const message = describe(parseErrorBody(answer.status, body));
    throw new GantryError("Unauthenticated", message, { code: "Registry.BadCredentials" });
  }

  #endpoint(domain: string): Promise<Found> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#endpoints.get(domain);
    if (known && known.untilMs > nowMs) return known.found;
    const found = findEndpoint(this.#connections, this.#candidates(domain), this.#userAgent);
    this.#endpoints.set(domain, { found, untilMs: nowMs + ENDPOINT_LIFETIME_MS });
    found.catch(() => this.#endpoints.delete(domain));
    return found;
  }

  #candidates(domain: string): Endpoint[] {
    const host = domain === DOCKER_HUB ? DOCKER_HUB_HOST : domain;
    const https = new URL(`https://${host}`);
    const isLoopback = isLoopbackHost(https.hostname);
    const isInsecure = isLoopback || this.#insecure.has(domain) || this.#insecure.has(https.hostname);
    if (!isInsecure) return [{ origin: https, insecure: false }];
    const plain = { origin: new URL(`http://${host}`), insecure: true };
    const tls = { origin: https, insecure: true };
    // On this machine plain HTTP is the rule; elsewhere TLS is tried first even where it is not demanded.
    return isLoopback ? [plain, tls] : [tls, plain];
  }

  close(): void {
    this.#connections.close();
  }
}
