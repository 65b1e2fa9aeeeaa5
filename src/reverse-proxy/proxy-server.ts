import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock, Logger } from "../base/index.ts";
import {
  type HttpContext,
  type HttpServer,
  type PlainAnswer,
  type PlainRequest,
  refuse,
  sendText,
  startHttpServer,
} from "../http/index.ts";
import type { AccessLog } from "./access-log.ts";
import { askedOf } from "./asked.ts";
import type { Certificates } from "./certificates.ts";
import type { EndpointPool } from "./endpoint-pool.ts";
import { hostOf, type Incoming, isHost, plainPathOf } from "./incoming.ts";
import { type Outcome, ProxyExchange } from "./proxy-exchange.ts";
import type { ProxyMetrics } from "./proxy-metrics.ts";
import type { RouteLookup } from "./route-lookup.ts";

const MAX_STREAMS = 128;
/** As ingress-nginx's large_client_header_buffers: 4 of 8 KiB. */
const LIMITS = {
  maxHeaderBytes: 32 * 1024,
  maxHeaders: 200,
  maxTargetBytes: 16 * 1024,
  closeTimeoutMs: 10_000,
};

/** How long a connection that the client has ended goes on the other way. */
const HALF_CLOSED_MS = 1_000;
const BAD_HOST = "400 Bad Request: this cannot be a host\n";

export interface ProxyServerParts {
  pool(backend: string): EndpointPool | undefined;
  certificates: Certificates;
  metrics: ProxyMetrics;
  accessLog: AccessLog | undefined;
  clock: Clock;
  logger: Logger;
}

export interface ProxyServerOptions extends ProxyServerParts {
  scheme: "http" | "https";
  port: number;
  /** Absent: it serves the connections that it is given. */
  listen?: { port: number; host?: string; isShared?: boolean };
  ticketKeys: Buffer | undefined;
  /** The hosts as they are now. */
  lookup(): RouteLookup;
}

/** Serves the hosts of a port over HTTP/1.1, and over TLS also HTTP/2. Errors: as `startHttpServer`'s. */
export async function startProxyServer(options: ProxyServerOptions): Promise<HttpServer> {
  const { scheme, listen, certificates, ticketKeys, logger } = options;
  const requests = new ProxyRequests(options);
  const contextFor = (name: string) => {
    const host = options.lookup().host(name.toLowerCase());
    const pair = host?.certificate ?? options.lookup().host("*")?.certificate;
    return pair && certificates.contextOf(host?.host ?? "*", pair);
  };
  return startHttpServer({
    ...(listen ? { listen } : {}),
    ...(scheme === "https"
      ? { tls: { ...certificates.own(), contextFor, ...(ticketKeys ? { ticketKeys } : {}) } }
      : {}),
    http2: { maxStreams: MAX_STREAMS },
    limits: LIMITS,
    keepsEmptySegments: true,
    plain: (request, answer) => void requests.answerPlain(request, answer),
    handler: (ctx) => requests.answer(ctx),
    upgrade: (req, socket, head) => requests.upgrade(req, socket, head),
    logger,
  });
}

/** The requests of a port. */
class ProxyRequests {
  readonly #options: ProxyServerOptions;

  constructor(options: ProxyServerOptions) {
    this.#options = options;
  }

  async answer(ctx: HttpContext): Promise<void> {
    const { req, res } = ctx;
    if (!isHost(req.headers.host ?? "")) {
      sendText(res, 400, BAD_HOST);
      return;
    }
    await this.#observe(this.#incomingOf(req), (exchange) => exchange.answer(askedOf(ctx)));
  }

  /** Never throws. */
  async answerPlain(request: PlainRequest, sink: PlainAnswer): Promise<void> {
    const { method, body, headers } = request;
    if (!isHost(headers.host ?? "")) {
      sendText(sink, 400, BAD_HOST);
      return;
    }
    try {
      const incoming = this.#read(method, request.path, request.search, request);
      await this.#observe(incoming, (exchange) => exchange.answer({ method, body, sink }));
    } catch (error) {
      this.#options.logger.error("request failed", { path: request.path, error });
      if (sink.headersSent) sink.destroy();
      else sendText(sink, 500, "internal error\n");
    }
  }

  async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!isHost(req.headers.host ?? "")) {
      refuse(socket, 400, BAD_HOST);
      return;
    }
    const gone = new AbortController();
    socket.on("close", () => gone.abort());
    // Some servers never end what only their client has ended.
    socket.on("end", () =>
      this.#options.clock.after(HALF_CLOSED_MS, () => socket.destroy(), { unref: true }),
    );
    await this.#observe(this.#incomingOf(req), (exchange) =>
      exchange.upgrade({ req, socket, head, signal: gone.signal }),
    );
  }

  async #observe(request: Incoming, serve: (exchange: ProxyExchange) => Promise<Outcome>): Promise<void> {
    const { clock, metrics, lookup, accessLog } = this.#options;
    const startMs = clock.monotonicMs();
    metrics.open++;
    try {
      const outcome = await serve(new ProxyExchange(this.#options, request, lookup().rule(request)));
      const seconds = (clock.monotonicMs() - startMs) / 1000;
      metrics.count(outcome, seconds);
      accessLog?.add(logLine(request, outcome, seconds, clock.nowMs()));
    } finally {
      metrics.open--;
    }
  }

  #incomingOf(req: IncomingMessage): Incoming {
    const url = req.url ?? "/";
    const cut = url.indexOf("?");
    const path = cut < 0 ? url : url.slice(0, cut);
    return this.#read(req.method ?? "GET", path, cut < 0 ? "" : url.slice(cut), req);
  }

  #read(
    method: string,
    path: string,
    search: string,
    { headers, socket }: Pick<IncomingMessage, "headers" | "socket">,
  ): Incoming {
    const { scheme, port } = this.#options;
    return new ReadRequest({ method, path, search, headers, scheme, port, client: clientOf(socket) });
  }
}

class ReadRequest implements Incoming {
  readonly method: string;
  readonly path: string;
  readonly plainPath: string;
  readonly search: string;
  readonly host: string;
  readonly headers: IncomingMessage["headers"];
  readonly scheme: "http" | "https";
  readonly port: number;
  readonly client: string;
  readonly id: string;
  #query: URLSearchParams | undefined;

  constructor(parts: Omit<Incoming, "plainPath" | "host" | "query" | "id">) {
    const id = parts.headers["x-request-id"];
    this.method = parts.method;
    this.path = parts.path;
    this.plainPath = plainPathOf(parts.path);
    this.search = parts.search;
    this.host = hostOf(parts.headers.host);
    this.headers = parts.headers;
    this.scheme = parts.scheme;
    this.port = parts.port;
    this.client = parts.client;
    this.id = typeof id === "string" && id !== "" ? id : requestId();
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search);
    return this.#query;
  }
}

const ID_BYTES = 16;
let ids = Buffer.alloc(0);

/** 32 hex digits; random bytes are cheaper by the hundred. */
function requestId(): string {
  if (ids.length < ID_BYTES) ids = randomBytes(ID_BYTES * 256);
  const id = ids.toString("hex", 0, ID_BYTES);
  ids = ids.subarray(ID_BYTES);
  return id;
}

/** An IPv4 address may come in the form of IPv6 (`::ffff:10.0.0.1`). */
function clientOf({ remoteAddress }: Socket): string {
  return (remoteAddress ?? "").replace(/^::ffff:/, "");
}

/** One JSON object a line. */
function logLine(
  { id, client, method, host, path, search, headers }: Incoming,
  { rule, status, endpoint }: Outcome,
  seconds: number,
  nowMs: number,
): string {
  return JSON.stringify({
    time: new Date(nowMs).toISOString(),
    id,
    client,
    method,
    host,
    path: path + search,
    status,
    seconds: Math.round(seconds * 1000) / 1000,
    rule,
    endpoint,
    agent: headers["user-agent"] ?? "",
  });
}
