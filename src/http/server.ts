import { chmodSync, existsSync, unlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { errnoCode, errorMessage, GantryError, type Logger, systemClock } from "../base/index.ts";
import { type HttpContext, peerOf } from "./context.ts";
import { sendText } from "./respond.ts";

export interface HttpLimits {
  /** All request headers together. */
  maxHeaderBytes?: number;
  /** From the connection's first byte to the end of the headers. */
  headersTimeoutMs?: number;
  keepAliveTimeoutMs?: number;
  maxConnections?: number;
  /** How long `close` waits for requests under way. */
  closeTimeoutMs?: number;
}

export interface TlsOptions {
  key: string | Buffer;
  cert: string | Buffer;
  ca?: string | Buffer;
  /** Ask clients for a certificate; one that the CA did not sign counts as none. */
  requestCert?: boolean;
}

export interface HttpServerOptions {
  listen: { port: number; host?: string } | { socketPath: string; mode?: number };
  tls?: TlsOptions;
  handler: (ctx: HttpContext) => Promise<void> | void;
  /** Takes over the connection of an Upgrade request; without it such requests are refused. */
  upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Turns what a handler threw into the API's own error answer. */
  onError?: (ctx: HttpContext, error: unknown) => void;
  logger: Logger;
  limits?: HttpLimits;
}

export interface HttpServer {
  address(): { host: string; port: number } | { socketPath: string };
  /** Ends idle connections, waits for active ones, then cuts them. */
  close(): Promise<void>;
}

/** Listens and serves; resolves when it does. Fails with Conflict (`Http.AddressInUse`) or PermissionDenied. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = options.limits ?? {};
  const closing = new AbortController();
  const nodeOptions = {
    maxHeaderSize: limits.maxHeaderBytes ?? 64 * 1024,
    headersTimeout: limits.headersTimeoutMs ?? 32_000,
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs ?? 90_000,
    connectionsCheckingInterval: 5_000,
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
  const server: Server = options.tls
    ? createTlsServer({ ...nodeOptions, ...tlsOptions(options.tls) })
    : createServer(nodeOptions);
  server.maxConnections = limits.maxConnections ?? 15_000;
  server.on("request", (req, res) => void serve(options, req, res, closing.signal));
  server.on("checkContinue", (req, res) => {
    res.writeContinue();
    void serve(options, req, res, closing.signal);
  });
  server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (!options.upgrade || pathProblem(req)) refuse(socket, 400, "the connection cannot be upgraded here");
    else options.upgrade(req, socket, head);
  });
  server.on("clientError", (error: Error, socket: Duplex) => answerGarbage(error, socket));
  await listen(server, options.listen);
  return {
    address: () => addressOf(server, options.listen),
    close: () => closeServer(server, closing, limits.closeTimeoutMs ?? 5_000, options.listen),
  };
}

function tlsOptions(tls: TlsOptions) {
  return {
    key: tls.key,
    cert: tls.cert,
    ...(tls.ca ? { ca: tls.ca } : {}),
    requestCert: tls.requestCert ?? false,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2" as const,
    ALPNProtocols: ["http/1.1"],
  };
}

async function serve(options: HttpServerOptions, req: IncomingMessage, res: ServerResponse, closing: AbortSignal): Promise<void> {
  const problem = pathProblem(req);
  if (problem) {
    res.setHeader("connection", "close");
    sendText(res, 400, `400 Bad Request: ${problem}\n`);
    return;
  }
  const gone = new AbortController();
  res.on("close", () => gone.abort());
  const url = new URL(req.url!, "http://local");
  const ctx: HttpContext = {
    req,
    res,
    method: req.method!,
    path: req.url!.split("?", 1)[0]!,
    params: Object.create(null),
    query: url.searchParams,
    signal: AbortSignal.any([gone.signal, closing]),
    peer: peerOf(req),
  };
  res.on("error", () => {});
  try {
    await options.handler(ctx);
  } catch (error) {
    answerFailure(options, ctx, error);
  }
  // A body that nobody read would be taken for the next request.
  if (!req.complete && res.writableEnded) req.resume();
}

function answerFailure(options: HttpServerOptions, ctx: HttpContext, error: unknown): void {
  const { res, req } = ctx;
  if (!req.complete) res.shouldKeepAlive = false;
  if (res.headersSent) {
    if (!(error instanceof GantryError)) options.logger.error("request failed after its answer had begun", { path: ctx.path, error });
    res.destroy();
    return;
  }
  if (options.onError) options.onError(ctx, error);
  else sendText(res, 500, `${errorMessage(error)}\n`);
}

/** Requests that two readers could understand differently are refused, instead of one of them being right. */
function pathProblem(req: IncomingMessage): string | undefined {
  const url = req.url ?? "";
  if (!url.startsWith("/")) return "the request target is not a path";
  const path = url.split("?", 1)[0]!;
  if (/\/\.{1,2}(?:\/|$)|\/(?:%2e|\.){1,2}(?:\/|$)/i.test(path)) return "the path has dot segments";
  if (path.includes("\\") || /%00|%5c/i.test(path)) return "the path has characters that are not allowed";
  try {
    decodeURIComponent(path);
  } catch {
    return "the path is not valid percent-encoding";
  }
  const duplicated = req.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  for (const name of ["content-length", "host", "transfer-encoding"]) {
    if (duplicated.filter((one) => one === name).length > 1) return `the header ${name} is there twice`;
  }
  return undefined;
}

/** Answers an Upgrade request with an error and closes: nothing that follows on the connection is looked at. */
export function refuse(socket: Duplex, status: number, message: string, contentType = "text/plain"): void {
  const reason: Record<number, string> = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error" };
  const body = Buffer.from(message);
  const head = `HTTP/1.1 ${status} ${reason[status] ?? "Error"}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body]));
  systemClock.after(1_000, () => socket.destroy(), { unref: true });
}

function answerGarbage(error: Error, socket: Duplex): void {
  const code = (error as { code?: string }).code;
  if (socket.destroyed || !socket.writable || code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const line =
    code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : code === "ERR_HTTP_REQUEST_TIMEOUT" ? "408 Request Timeout" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${line}`);
}

async function listen(server: Server, where: HttpServerOptions["listen"]): Promise<void> {
  if ("socketPath" in where) await removeStaleSocket(where.socketPath);
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(error, where));
    server.once("error", onError);
    const onListening = () => {
      server.off("error", onError);
      if ("socketPath" in where) chmodSync(where.socketPath, where.mode ?? 0o660);
      resolve();
    };
    if ("socketPath" in where) server.listen({ path: where.socketPath }, onListening);
    else server.listen({ port: where.port, host: where.host ?? "0.0.0.0", backlog: 1024 }, onListening);
  });
}

function listenError(error: Error, where: HttpServerOptions["listen"]): GantryError {
  const name = "socketPath" in where ? where.socketPath : `${where.host ?? "0.0.0.0"}:${where.port}`;
  switch (errnoCode(error)) {
    case "EADDRINUSE":
      return new GantryError("Conflict", `cannot listen on ${name}: the address is already in use`, { code: "Http.AddressInUse", cause: error });
    case "EACCES":
      return new GantryError("PermissionDenied", `cannot listen on ${name}: permission denied`, { code: "Http.NoPermission", cause: error });
    default:
      return new GantryError("Unavailable", `cannot listen on ${name}: ${error.message}`, { code: "Http.CannotListen", cause: error });
  }
}

/** A socket file without a listener is left over from a killed process; one with a listener is in use. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
  if (alive) throw new GantryError("Conflict", `cannot listen on ${path}: another program answers there`, { code: "Http.AddressInUse" });
  unlinkSync(path);
}

function addressOf(server: Server, where: HttpServerOptions["listen"]): { host: string; port: number } | { socketPath: string } {
  if ("socketPath" in where) return { socketPath: where.socketPath };
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function closeServer(server: Server, closing: AbortController, timeoutMs: number, where: HttpServerOptions["listen"]): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  closing.abort();
  server.closeIdleConnections();
  const cancel = systemClock.after(timeoutMs, () => server.closeAllConnections());
  await closed;
  cancel();
  if ("socketPath" in where && existsSync(where.socketPath)) unlinkSync(where.socketPath);
}
