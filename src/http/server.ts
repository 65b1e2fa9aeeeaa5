import { constants } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext, SecureContextOptions, SecureVersion, TLSSocket } from "node:tls";
import { errorMessage, isGantryError, type Logger, runAs, systemClock } from "../base/index.ts";
import { ActiveRequests, createContext, type HttpContext } from "./context.ts";
import type { HttpResponse } from "./http-response.ts";
import type { PlainAnswer } from "./http1/plain-answer.ts";
import { PlainConnections } from "./http1/plain-connections.ts";
import type { PlainRequest } from "./http1/plain-request.ts";
import { Http1Connections } from "./http1-connections.ts";
import { Http2Connections } from "./http2/http2-connections.ts";
import { splitByPreface } from "./http2/split-by-preface.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import { addressOf, type BoundAddress, type ListenAddress, listen, removeSocket } from "./listen.ts";
import { refuse } from "./refuse.ts";
import type { RequestCarrier } from "./request-carrier.ts";
import { RequestOwner } from "./request-owner.ts";
import { readTarget } from "./request-target.ts";
import { sendText } from "./respond.ts";
import { Response } from "./response.ts";

export interface TlsOptions {
  key: string | Buffer;
  cert: string | Buffer;
  /** Whose client certificates count. */
  ca?: string | Buffer;
  /** Ask clients for a certificate; one that the CA did not sign counts as none. */
  requestCert?: boolean;
  /** The certificate for the name that a client asks for (SNI); the one above where it knows none. */
  contextFor?: (serverName: string) => SecureContext | undefined;
  /** The oldest version that is spoken; 1.2 where it is absent. */
  minVersion?: SecureVersion;
  /** Cipher suites, as OpenSSL names them; Node's where they are absent. */
  ciphers?: string;
  /** 48 bytes by which whoever has the same resumes its sessions; of its own where they are absent. */
  ticketKeys?: Buffer;
}

export interface Http2Options {
  /** Streams that a client may have open at a time. */
  maxStreams: number;
  /** The fraction of requests after which a client is to take another connection; 0 where it is absent. */
  goawayChance?: number;
}

export interface HttpServerOptions {
  /** Absent: it only serves the connections that it is given (`take`). */
  listen?: ListenAddress;
  tls?: TlsOptions;
  /** Offers HTTP/2 beside HTTP/1.1: over TLS by ALPN, else to those who begin with it (prior knowledge, RFC 9113 §3.3). */
  http2?: Http2Options;
  handler: (ctx: HttpContext) => Promise<void> | void;
  /**
   * Takes over the connection of an Upgrade request; `req.url` is canonical. Whoever refuses does it with `refuse`. Without
   * this, and for `h2c` where `upgradesToH2c` does not say so, the Upgrade header is ignored, as RFC 9110 §7.8 lets a server do.
   */
  upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void> | void;
  /** Of these requests alone `upgrade` gets those that ask for HTTP/2. */
  upgradesToH2c?: (req: IncomingMessage) => boolean;
  /**
   * Serves the requests of HTTP/1.1 that are plain: read on the bare socket, at a fraction of what node:http takes for one. From the
   * first other one on a connection is served as if this were not here. Never throws.
   */
  plain?: (request: PlainRequest, answer: PlainAnswer) => void;
  /** Turns what a handler threw into the API's own error answer. */
  onError?: (ctx: HttpContext, error: unknown) => void;
  /** `/a//b` is another path than `/a/b`. */
  keepsEmptySegments?: boolean;
  logger: Logger;
  limits?: HttpLimits;
}

export interface HttpServer {
  /** Of a server that listens. */
  address(): BoundAddress;
  /** Serves a connection that somebody else has accepted. */
  take(socket: Socket): void;
  /** New connections meet another certificate; only of a server with TLS. */
  renewTls(pair: Pick<TlsOptions, "key" | "cert">): void;
  /** Takes no more requests, aborts the signals of those under way, waits for their answers, then cuts the rest. */
  close(): Promise<void>;
}

/** Listens and serves; resolves when it does. Errors: `Http.AddressInUse`, `Http.NoPermission`, `Http.CannotListen`, … */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = new RunningServer(options);
  await server.listen();
  return server;
}

class RunningServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #limits: Required<HttpLimits>;
  readonly #server: Server;
  readonly #active = new ActiveRequests();
  readonly #sockets = new Set<Socket>();
  readonly #http2: Http2Connections | undefined;
  readonly #plain: PlainConnections | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#server = this.#create();
    this.#server.maxConnections = this.#limits.maxConnections;
    // Node would drop further headers silently, and two readers would see different requests; counted in #problemOf.
    this.#server.maxHeadersCount = 0;
    new Http1Connections({
      server: this.#server,
      limits: this.#limits,
      serve: (req, res, carrier) => this.#serve(req, res, carrier),
      upgrade: (req, socket, head) => this.#upgrade(req, socket, head),
      isClosing: () => this.#closing !== undefined,
    });
    const readers = this.#takeReaders();
    this.#plain = this.#readPlain(readers.http1);
    this.#http2 = this.#readHttp2();
    this.#splitByProtocol(readers.event, this.#plain ? (socket) => this.#plain!.take(socket) : readers.http1);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("tlsClientError", (error, socket) => {
      options.logger.debug("TLS handshake failed", { error: errorMessage(error) });
      socket.destroy();
    });
  }

  async listen(): Promise<void> {
    if (this.#options.listen) await listen(this.#server, this.#options.listen);
    this.#server.on("error", (error) => this.#options.logger.error("HTTP server failed", { error }));
  }

  address(): BoundAddress {
    return addressOf(this.#server, this.#options.listen!);
  }

  take(socket: Socket): void {
    this.#server.emit("connection", socket);
  }

  renewTls(pair: Pick<TlsOptions, "key" | "cert">): void {
    (this.#server as TlsServer).setSecureContext({ ...secureContext(this.#options.tls!), ...pair });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #create(): Server {
    const { maxHeaderBytes, headersTimeoutMs, handshakeTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    const nodeOptions = {
      ServerResponse: Response,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      // A watch or a log may last for days; slow bodies have their own timer in readBody.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, headersTimeoutMs),
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
      noDelay: true,
      // Checked in readTarget: Node would serve what follows on the connection.
      requireHostHeader: false,
      shouldUpgradeCallback: (req: IncomingMessage) =>
        this.#options.upgrade !== undefined &&
        (req.headers.upgrade?.toLowerCase() !== "h2c" || this.#options.upgradesToH2c?.(req) === true),
    };
    const { tls } = this.#options;
    if (!tls) return createServer(nodeOptions);
    return createTlsServer({
      ...nodeOptions,
      ...secureContext(tls),
      ...(tls.contextFor ? { SNICallback: sniCallback(tls.contextFor) } : {}),
      ...(tls.ticketKeys ? { ticketKeys: tls.ticketKeys } : {}),
      requestCert: tls.requestCert ?? false,
      rejectUnauthorized: false,
      ALPNProtocols: this.#options.http2 ? ["h2", "http/1.1"] : ["http/1.1"],
      handshakeTimeout: handshakeTimeoutMs,
    });
  }

  /** What node:http does with a connection of HTTP/1.1. */
  #takeReaders(): { event: string; http1: (socket: Socket) => void } {
    const event = this.#options.tls ? "secureConnection" : "connection";
    const readers = this.#server.listeners(event);
    this.#server.removeAllListeners(event);
    const http1 = (socket: Socket) => {
      for (const read of readers) read.call(this.#server, socket);
    };
    return { event, http1 };
  }

  #readPlain(handOver: (socket: Socket) => void): PlainConnections | undefined {
    const { plain, keepsEmptySegments = false } = this.#options;
    return (
      plain && new PlainConnections({ limits: this.#limits, keepsEmptySegments, serve: plain, handOver })
    );
  }

  #readHttp2(): Http2Connections | undefined {
    const { http2, logger } = this.#options;
    if (!http2) return undefined;
    return new Http2Connections({
      goawayChance: 0,
      ...http2,
      limits: this.#limits,
      serve: (req, res, carrier) => this.#serve(req, res, carrier),
      logger,
    });
  }

  /** What a client chose in its TLS handshake decides who reads its connection; to others it is as if nothing were there. */
  #splitByProtocol(event: string, http1: (socket: Socket) => void): void {
    const http2 = this.#http2;
    const isTls = this.#options.tls !== undefined;
    this.#server.on(event, (socket: Socket) => {
      if (!http2) http1(socket);
      else if (!isTls) splitByPreface(socket, this.#limits.headersTimeoutMs, (it) => http2.take(it), http1);
      else if ((socket as TLSSocket).alpnProtocol === "h2") http2.take(socket);
      else http1(socket);
    });
  }

  async #serve(req: IncomingMessage, res: HttpResponse, carrier: RequestCarrier): Promise<void> {
    const target = this.#targetOf(req);
    if ("refusal" in target) {
      carrier.endAfterAnswer();
      sendText(res, target.status, `${target.status} ${target.refusal}\n`);
      return;
    }
    const ctx = createContext(req, res, target, this.#active);
    const owner = new RequestOwner(`${ctx.method} ${ctx.path}`, (error) => {
      carrier.endAfterAnswer();
      this.#answerEscaped(ctx, error);
    });
    res.on("close", () => owner.release());
    try {
      await runAs(owner, () => this.#options.handler(ctx));
    } catch (error) {
      this.#answerFailure(ctx, error);
    }
  }

  async #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = this.#targetOf(req);
    if ("refusal" in target) {
      refuse(socket, target.status, target.refusal);
      return;
    }
    const owner = new RequestOwner(`${req.method} ${target.path}`, (error) => {
      this.#options.logger.error("an upgraded connection failed", { path: target.path, error });
      socket.destroy();
    });
    socket.on("close", () => owner.release());
    try {
      await runAs(owner, () => this.#options.upgrade!(req, socket, head));
    } catch (error) {
      this.#options.logger.error("upgrade failed", { path: target.path, error });
      refuse(socket, 500, "internal error");
    }
  }

  #targetOf(req: IncomingMessage): { path: string; search: string } | { refusal: string; status: number } {
    if (req.url!.length > this.#limits.maxTargetBytes) return { status: 414, refusal: "URI Too Long" };
    if (req.rawHeaders.length / 2 > this.#limits.maxHeaders) {
      return { status: 431, refusal: "Request Header Fields Too Large" };
    }
    const target = readTarget(req, this.#options.keepsEmptySegments);
    if ("problem" in target) return { status: 400, refusal: `Bad Request: ${target.problem}` };
    // Whoever reads the URL again reads the same.
    req.url = target.path + target.search;
    return target;
  }

  #answerFailure(ctx: HttpContext, error: unknown): void {
    const { res, path } = ctx;
    if (res.headersSent || res.destroyed) {
      // The client must see that the answer is cut short, and not take it for whole.
      if (!res.writableFinished) res.destroy();
      if (!isGantryError(error) && !ctx.signal.aborted) {
        this.#options.logger.error("request failed after its answer had begun", { path, error });
      }
      return;
    }
    try {
      if (this.#options.onError) this.#options.onError(ctx, error);
      else answerPlainly(ctx, error, this.#options.logger);
    } catch (second) {
      this.#options.logger.error("an error could not be answered", { path, error: second });
      res.destroy();
    }
  }

  /** What one of the request's callbacks has thrown: its handler may wait for ever for what the callback was to bring. */
  #answerEscaped(ctx: HttpContext, error: unknown): void {
    this.#options.logger.error("a request's callback failed", { path: ctx.path, error });
    this.#answerFailure(ctx, error);
    this.#active.abort(ctx.res);
  }

  async #close(): Promise<void> {
    const closed = this.#noMoreConnections();
    this.#active.abortAll();
    this.#server.closeIdleConnections();
    this.#http2?.part();
    this.#plain?.part();
    const cancel = systemClock.after(this.#limits.closeTimeoutMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await closed;
    cancel();
    if (this.#options.listen) removeSocket(this.#options.listen);
  }

  /** Resolves when the last one is gone. */
  async #noMoreConnections(): Promise<void> {
    if (this.#options.listen) return new Promise((resolve) => this.#server.close(() => resolve()));
    await Promise.all(
      [...this.#sockets].map((socket) => new Promise((resolve) => socket.on("close", resolve))),
    );
  }
}

function sniCallback(contextFor: NonNullable<TlsOptions["contextFor"]>) {
  return (name: string, done: (error: Error | null, context?: SecureContext) => void) => {
    try {
      done(null, contextFor(name));
    } catch (error) {
      done(error as Error);
    }
  };
}

function secureContext({ key, cert, ca, ciphers, minVersion = "TLSv1.2" }: TlsOptions): SecureContextOptions {
  return {
    key,
    cert,
    ...(ca ? { ca } : {}),
    ...(ciphers === undefined ? {} : { ciphers }),
    minVersion,
    // Whose a connection is, is read once; Go's servers renegotiate with nobody either.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

const STATUS_OF_CODE: Record<string, number> = {
  "Http.BodyTooLarge": 413,
  "Http.BodyTimeout": 408,
  "Http.BodyCut": 400,
  "Http.BadJson": 400,
};

/** For servers without an error form of their own. */
function answerPlainly({ res, path }: HttpContext, error: unknown, logger: Logger): void {
  const status = isGantryError(error) ? STATUS_OF_CODE[error.code] : undefined;
  if (!status) logger.error("request failed", { path, error });
  sendText(res, status ?? 500, status ? `${errorMessage(error)}\n` : "internal error\n");
}
