import { GantryError } from "../base/index.ts";
import type { Authenticator, RegistryCredentials } from "./client-auth.ts";
import { isPlainAnswerToTls } from "./client-errors.ts";
import { discard, type HttpAnswer, type HttpConnections, type RequestBody } from "./client-http.ts";

export interface Endpoint {
  /** `https://registry-1.docker.io`. */
  origin: URL;
  /** Certificates are not verified. */
  insecure: boolean;
}

export interface SessionRequest {
  method: string;
  /** A path on the registry, or a whole URL that the registry named. */
  target: string | URL;
  headers?: Record<string, string>;
  body?: RequestBody;
  signal?: AbortSignal;
  /** Beside the repository's own. */
  extraScope?: string;
}

const MAX_REDIRECTS = 5;

/** Requests to one repository of one registry: authenticated there and only there, redirects followed without it. */
export class RegistrySession {
  readonly #connections: HttpConnections;
  readonly #authenticator: Authenticator;
  readonly #endpoint: () => Promise<{ endpoint: Endpoint; challenge: string | undefined }>;
  readonly #credentials: RegistryCredentials;
  readonly #scope: string;
  readonly #userAgent: string;

  constructor(options: {
    connections: HttpConnections;
    authenticator: Authenticator;
    /** Finds out, once a registry, how it is spoken to and which challenge it gives. */
    endpoint: () => Promise<{ endpoint: Endpoint; challenge: string | undefined }>;
    credentials: RegistryCredentials;
    scope: string;
    userAgent: string;
  }) {
    this.#connections = options.connections;
    this.#authenticator = options.authenticator;
    this.#endpoint = options.endpoint;
    this.#credentials = options.credentials;
    this.#scope = options.scope;
    this.#userAgent = options.userAgent;
  }

  /** The final answer, whatever its status. A body that is a stream is sent once: it is not there for a second try. */
  async send(request: SessionRequest): Promise<HttpAnswer> {
    const { endpoint, challenge } = await this.#endpoint();
    const url = new URL(request.target, endpoint.origin);
    const isOwn = url.origin === endpoint.origin.origin;
    const authorization = isOwn ? await this.#authorize(challenge, endpoint, request, false) : undefined;
    const first = await this.#once(endpoint, url, request, authorization);
    const canRepeat = request.body === undefined || request.body instanceof Uint8Array;
    if (first.status !== 401 || !isOwn || !canRepeat) return this.#follow(endpoint, first, request);
    const header = first.headers["www-authenticate"];
    const renewed = await this.#authorize(header ?? challenge, endpoint, request, true);
    if (renewed === undefined) return first;
    await discard(first);
    return this.#follow(endpoint, await this.#once(endpoint, url, request, renewed), request);
  }

  #authorize(
    challenge: string | undefined,
    endpoint: Endpoint,
    { extraScope, signal }: SessionRequest,
    fresh: boolean,
  ): Promise<string | undefined> {
    const scopes = extraScope ? [this.#scope, extraScope] : [this.#scope];
    const { insecure } = endpoint;
    return this.#authenticator.answer(challenge, endpoint.origin, this.#credentials, scopes, {
      fresh,
      insecure,
      signal,
    });
  }

  #once(
    endpoint: Endpoint,
    url: URL,
    request: SessionRequest,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    const headers: Record<string, string> = {
      "user-agent": this.#userAgent,
      "accept-encoding": "identity",
      ...request.headers,
      ...(authorization ? { authorization } : {}),
    };
    const insecure = endpoint.insecure && url.host === endpoint.origin.host;
    return this.#connections.send({
      method: request.method,
      url,
      headers,
      body: request.body,
      insecure,
      signal: request.signal,
    });
  }

  /** Storage behind registries is often reached by a redirect to a signed URL: it must not see the Authorization header. */
  async #follow(endpoint: Endpoint, answer: HttpAnswer, request: SessionRequest): Promise<HttpAnswer> {
    let current = answer;
    for (let redirects = 0; isRedirect(current, request); redirects++) {
      if (redirects === MAX_REDIRECTS) throw refused("the registry redirects in circles");
      const next = new URL(current.headers.location!, current.url);
      if (next.protocol !== "https:" && next.protocol !== "http:")
        throw refused("the registry redirects to an unusable address");
      if (next.protocol === "http:" && current.url.protocol === "https:")
        throw refused("the registry redirects from HTTPS to HTTP");
      await discard(current);
      current = await this.#once(endpoint, next, request, undefined);
    }
    return current;
  }
}

function isRedirect({ status, headers }: HttpAnswer, { method }: SessionRequest): boolean {
  return (
    (method === "GET" || method === "HEAD") &&
    [301, 302, 303, 307, 308].includes(status) &&
    headers.location !== undefined
  );
}

const refused = (message: string) =>
  new GantryError("PermissionDenied", message, { code: "Registry.BadRedirect" });

/**
 * Finds the way to a registry: HTTPS, except that this machine's own addresses and registries named insecure are also
 * spoken to by plain HTTP. Returns the first challenge as well.
 */
export async function findEndpoint(
  connections: HttpConnections,
  candidates: readonly Endpoint[],
  userAgent: string,
): Promise<{ endpoint: Endpoint; challenge: string | undefined }> {
  for (const [index, endpoint] of candidates.entries()) {
    const isLast = index === candidates.length - 1;
    try {
      const url = new URL("/v2/", endpoint.origin);
      const answer = await connections.send({
        method: "GET",
        url,
        headers: { "user-agent": userAgent },
        insecure: endpoint.insecure,
      });
      await discard(answer);
      // A TLS server's answer to plain HTTP.
      if (!isLast && answer.status === 400) continue;
      return { endpoint, challenge: answer.headers["www-authenticate"] };
    } catch (error) {
      const cause = (error as GantryError).cause;
      const isWrongProtocol =
        isPlainAnswerToTls(cause) || (cause as { code?: string } | undefined)?.code?.startsWith("HPE_");
      if (isLast || !(isWrongProtocol || (cause as { code?: string } | undefined)?.code === "ECONNRESET"))
        throw error;
    }
  }
  throw new GantryError("Internal", "no way to the registry was given");
}
