import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as plainRequest,
} from "node:http";
import { request as tlsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errorMessage } from "../../../base/index.ts";
import { bodyStream, type HttpContext, linger, sendEmpty } from "../../../http/index.ts";
import { statusServiceUnavailable } from "../../api/index.ts";
import { subprotocolsWithoutToken } from "../authentication/web-socket-token.ts";
import type { ProxyTarget } from "../server-context.ts";
import { EarlyBytes } from "./early-bytes.ts";
import { linkRewriter } from "./proxied-links.ts";

/** These belong to one connection (RFC 9110 §7.6.1), or are our client's proof of who it is: nobody behind us gets them. */
const NOT_FORWARDED = new Set([
  "authorization",
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const PRIVATE_PREFIXES = ["impersonate-", "x-remote-"];
const PATH = /^((?:\/[^/]+)*?\/(?:pods|services)\/[^/]+\/proxy)(\/.*)?$/;

/** Sends the request on to `target` and its answer back, as streams. */
export async function forwardRequest(ctx: HttpContext, target: ProxyTarget): Promise<void> {
  const { req, res, signal } = ctx;
  const [prefix, path = "/"] = split(ctx.path);
  const search = searchOf(req);
  // Relative links in what is shown need the slash; what is done rather than shown is done here.
  const isShown = ctx.method === "GET" || ctx.method === "HEAD";
  if (isShown && ctx.path === prefix) return sendEmpty(res, 301, { location: `${prefix}/${search}` });
  const outgoing = open(req, target, path + search, forwardedHeaders(req, prefix));
  const gone = () => outgoing.destroy();
  signal.addEventListener("abort", gone, { once: true });
  try {
    // An answer may come before all of the body has been taken; what is then not taken is nobody's loss.
    pipeline(bodyStream(req), outgoing).catch(() => {});
    const answer = await answerOf(outgoing);
    const headers = answeredHeaders(answer.headers, target, prefix);
    const page = { host: `${target.host}:${target.port}`, requestHost: req.headers.host ?? "", prefix };
    const rewriting = await linkRewriter(answer.headers, page);
    if (rewriting.length > 0) delete headers["content-length"];
    res.writeHead(answer.statusCode ?? 502, headers);
    // A client that goes away in the middle is no failure of ours.
    await pipeline([answer, ...rewriting, res]).catch(() => res.destroy());
  } finally {
    signal.removeEventListener("abort", gone);
  }
}

/** As `forwardRequest`, for a request that asks for another protocol: from the answer 101 on, bytes both ways. */
export async function forwardUpgrade(
  upgrade: { req: IncomingMessage; socket: Duplex; head: Buffer; signal: AbortSignal },
  target: ProxyTarget,
): Promise<void> {
  const { req, socket, head, signal } = upgrade;
  const [prefix, path = "/"] = split(req.url!.split("?", 1)[0]!);
  const headers = forwardedHeaders(req, prefix);
  headers.connection = "Upgrade";
  headers.upgrade = req.headers.upgrade!;
  const outgoing = open(req, target, path + searchOf(req), headers);
  outgoing.end();
  const early = new EarlyBytes(socket, head);
  const close = () => outgoing.destroy();
  signal.addEventListener("abort", close, { once: true });
  const switched = Promise.withResolvers<{ answer: IncomingMessage; behind?: Duplex; rest?: Buffer }>();
  outgoing.on("upgrade", (answer, behind, rest) => switched.resolve({ answer, behind, rest }));
  answerOf(outgoing).then((answer) => switched.resolve({ answer }), switched.reject);
  try {
    const { answer, behind, rest } = await switched.promise;
    if (!behind) {
      // The other side did not switch: after its answer nothing more goes through (CVE-2018-1002105).
      early.take();
      socket.resume();
      socket.write(headOf(answer, answeredHeaders(answer.headers, target, prefix)));
      await pipeline(answer, socket).then(
        () => linger(socket),
        () => socket.destroy(),
      );
      return;
    }
    socket.write(headOf(answer, answer.headers));
    behind.write(early.take());
    socket.write(rest!);
    await Promise.allSettled([pipeline(socket, behind), pipeline(behind, socket)]);
  } finally {
    signal.removeEventListener("abort", close);
    outgoing.destroy();
  }
}

function split(path: string): [prefix: string, path: string | undefined] {
  const [, prefix, rest] = PATH.exec(path) ?? [];
  return [prefix ?? path, rest?.replace(/\/{2,}/g, "/")];
}

function searchOf({ url = "" }: IncomingMessage): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}

function open(
  { method }: IncomingMessage,
  { protocol, host, port }: ProxyTarget,
  path: string,
  headers: OutgoingHttpHeaders,
): ClientRequest {
  const options = { host, port, method, path, headers, agent: false as const };
  // Pods sign their certificates themselves; the way to them is the node's own network.
  return protocol === "https:"
    ? tlsRequest({ ...options, rejectUnauthorized: false })
    : plainRequest(options);
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", (error) =>
      reject(statusServiceUnavailable(`error trying to reach service: ${errorMessage(error)}`)),
    );
  });
}

function forwardedHeaders(req: IncomingMessage, prefix: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  const ofConnection = new Set(
    (req.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()),
  );
  for (const [name, value] of Object.entries(req.headersDistinct)) {
    if (value === undefined || NOT_FORWARDED.has(name) || ofConnection.has(name)) continue;
    if (!PRIVATE_PREFIXES.some((start) => name.startsWith(start))) headers[name] = value;
  }
  const subprotocols = subprotocolsWithoutToken(req.headersDistinct["sec-websocket-protocol"] ?? []);
  if (subprotocols === undefined) delete headers["sec-websocket-protocol"];
  else headers["sec-websocket-protocol"] = subprotocols;
  const [before] = req.headersDistinct["x-forwarded-for"] ?? [];
  const client = req.socket.remoteAddress ?? "";
  headers["x-forwarded-for"] = before ? `${before}, ${client}` : client;
  headers["x-forwarded-host"] = req.headers.host;
  headers["x-forwarded-proto"] = "https";
  headers["x-forwarded-uri"] = prefix;
  return headers;
}

function answeredHeaders(
  answered: IncomingHttpHeaders,
  { protocol, host, port }: ProxyTarget,
  prefix: string,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(answered)) if (!NOT_FORWARDED.has(name)) headers[name] = value;
  const { location } = answered;
  // Where it leads to itself, it leads through here.
  const itself = [`${protocol}//${host}:${port}`, `${protocol}//${host}`].find((start) =>
    location?.startsWith(start),
  );
  if (itself) headers.location = prefix + location!.slice(itself.length);
  else if (location?.startsWith("/") && !location.startsWith("//")) headers.location = prefix + location;
  return headers;
}

function headOf({ statusCode, statusMessage }: IncomingMessage, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  if (statusCode !== 101) lines.push("connection: close");
  return `${[`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines].join("\r\n")}\r\n\r\n`;
}
