import { createHash } from "node:crypto";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import type { Clock } from "../base/index.ts";
import { EndpointConnection } from "./endpoint-connection.ts";
import type { Backend, Endpoint } from "./types.ts";

/** How long one that did not take a connection is asked last. */
const AVOID_MS = 5_000;
/** Idle connections that are kept for each endpoint. */
const MAX_IDLE = 64;
const IDLE_MS = 60_000;

/** Until an endpoint has taken a connection, where its rule says nothing else. */
export const CONNECT_MS = 5_000;
/** Endpoints that are tried for one request, where none of them takes it. */
export const MAX_ENDPOINTS = 4;

export interface EndpointState extends Endpoint {
  /** `10.0.0.1:80`, `[fd00::1]:80` */
  readonly key: string;
  /** What a session cookie says of it: nothing that helps whoever reads it. */
  readonly token: string;
  inFlight: number;
  avoidUntilMs: number;
  isGone?: boolean;
  /** Connections that wait for a request, the one that came last at the end, and since when. */
  readonly idle: { connection: EndpointConnection; sinceMs: number }[];
}

/** The endpoints of a backend, and the connections to them. */
export class EndpointPool {
  #backend: Backend;
  #endpoints: EndpointState[] = [];
  #next = 0;
  #isChecking = false;
  #isClosed = false;
  readonly #clock: Clock;
  /** Rises when the endpoints are to be spoken to in another way. */
  #generation = 0;
  readonly #sessions = new Map<string, ClientHttp2Session>();

  constructor(backend: Backend, clock: Clock) {
    this.#clock = clock;
    this.#backend = backend;
    this.update(backend);
  }

  get backend(): Backend {
    return this.#backend;
  }

  /** For connections that are not the agent's. */
  get tlsOptions(): object {
    const { tls } = this.#backend;
    return tls ? tlsOptionsOf(tls) : {};
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0;
  }

  /** Other endpoints: what runs at those that are gone ends in peace, and nothing new begins there. */
  update(backend: Backend): void {
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.key, endpoint]));
    if (
      JSON.stringify([backend.protocol, backend.tls]) !==
      JSON.stringify([this.#backend.protocol, this.#backend.tls])
    ) {
      this.#generation++;
      for (const endpoint of this.#endpoints) endIdle(endpoint);
      for (const session of this.#sessions.values()) session.close();
      this.#sessions.clear();
    }
    this.#backend = backend;
    this.#endpoints = backend.endpoints.map((endpoint) => {
      const key = keyOf(endpoint);
      const kept = known.get(key);
      known.delete(key);
      return kept ?? { ...endpoint, key, token: tokenOf(key), inFlight: 0, avoidUntilMs: 0, idle: [] };
    });
    for (const gone of known.values()) this.#forget(gone);
  }

  /** One that waits, or, where there is none or it has to be fresh, another one that is not connected yet. */
  connection(endpoint: EndpointState, isFresh: boolean): EndpointConnection {
    const waiting = isFresh ? undefined : endpoint.idle.pop();
    if (waiting) return waiting.connection;
    const { address: host, port } = endpoint;
    const generation = this.#generation;
    const tls = this.#backend.tls && tlsOptionsOf(this.#backend.tls);
    return new EndpointConnection(
      { host, port, tls },
      (connection) => {
        if (generation !== this.#generation) connection.destroy();
        else this.#keep(endpoint, connection);
      },
      (connection) => {
        const index = endpoint.idle.findIndex((one) => one.connection === connection);
        if (index >= 0) endpoint.idle.splice(index, 1);
      },
    );
  }

  #keep(endpoint: EndpointState, connection: EndpointConnection): void {
    const { idle } = endpoint;
    if (idle.length >= MAX_IDLE || this.#isClosed || endpoint.isGone) {
      connection.destroy();
      return;
    }
    idle.push({ connection, sinceMs: this.#clock.monotonicMs() });
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#clock.after(IDLE_MS / 4, () => this.#check(), { unref: true });
  }

  #check(): void {
    this.#isChecking = false;
    const untilMs = this.#clock.monotonicMs() - IDLE_MS;
    for (const endpoint of this.#endpoints)
      for (const { connection, sinceMs } of [...endpoint.idle]) if (sinceMs < untilMs) connection.destroy();
    if (!this.#endpoints.some(({ idle }) => idle.length > 0)) return;
    this.#isChecking = true;
    this.#clock.after(IDLE_MS / 4, () => this.#check(), { unref: true });
  }

  /** The endpoint that a session cookie names, else one of those with the least to do, in turn. */
  pick(tried: ReadonlySet<string>, nowMs: number, cookie?: string): EndpointState | undefined {
    let best: EndpointState | undefined;
    const endpoints = this.#endpoints;
    const start = this.#next++;
    for (let step = 0; step < endpoints.length; step++) {
      const endpoint = endpoints[(start + step) % endpoints.length]!;
      if (tried.has(endpoint.key)) continue;
      if (cookie !== undefined && endpoint.token === cookie) return endpoint;
      if (!best || isBetter(endpoint, best, nowMs)) best = endpoint;
    }
    return best;
  }

  avoid(endpoint: EndpointState, nowMs: number): void {
    endpoint.avoidUntilMs = nowMs + AVOID_MS;
  }

  /** A connection of HTTP/2 with prior knowledge (RFC 9113 §3.3), shared by all requests to the endpoint. */
  session({ key }: EndpointState): ClientHttp2Session {
    const open = this.#sessions.get(key);
    if (open && !open.closed && !open.destroyed) return open;
    const { tls } = this.#backend;
    const session = tls ? connectHttp2(`https://${key}`, tlsOptionsOf(tls)) : connectHttp2(`http://${key}`);
    this.#sessions.set(key, session);
    const forget = () => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
    // Its requests hear of it, each for itself.
    session.on("error", forget).on("close", forget).on("goaway", forget);
    session.setTimeout(IDLE_MS, () => session.close());
    session.unref();
    return session;
  }

  /** What runs ends in peace. */
  close(): void {
    this.#isClosed = true;
    for (const endpoint of this.#endpoints) endIdle(endpoint);
    for (const session of this.#sessions.values()) session.close();
  }

  #forget(endpoint: EndpointState): void {
    endpoint.isGone = true;
    endIdle(endpoint);
    this.#sessions.get(endpoint.key)?.close();
    this.#sessions.delete(endpoint.key);
  }
}

function isBetter(one: EndpointState, other: EndpointState, nowMs: number): boolean {
  const isAvoided = one.avoidUntilMs > nowMs;
  if (isAvoided !== other.avoidUntilMs > nowMs) return !isAvoided;
  return one.inFlight < other.inFlight;
}

function endIdle({ idle }: EndpointState): void {
  for (const { connection } of idle.splice(0)) connection.destroy();
}

function tokenOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}

function keyOf({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function tlsOptionsOf({ ca, serverName, verify, clientCert }: NonNullable<Backend["tls"]>) {
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(clientCert ?? {}),
  };
}
