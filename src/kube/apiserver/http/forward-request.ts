import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as plainRequest,
} from "node:http";
import { request as tlsRequest } from "node:https";
import {
  type HttpContext,
  hostPort,
  NoAnswer,
  relayRequest,
  relayUpgrade,
  sendEmpty,
  type UpgradeRequest,
} from "../../../http/index.ts";
import { statusServiceUnavailable } from "../../api/index.ts";
import type { ProxyTarget } from "../server-context.ts";
import { answeredHeaders, forwardedHeaders, forwardedUpgradeHeaders } from "./forwarded-headers.ts";
import { linkRewriter } from "./proxied-links.ts";

const PATH = /^((?:\/[^/]+)*?\/(?:pods|services)\/[^/]+\/proxy)(\/.*)?$/;

/** Sends the request on to `target` and its answer back, as streams. */
export async function forwardRequest(ctx: HttpContext, target: ProxyTarget): Promise<void> {
  const { req, res } = ctx;
  const [prefix, path = "/"] = split(ctx.path);
  const search = searchOf(req);
  // Relative links in what is shown need the slash; what is done rather than shown is done here.
  const isShown = ctx.method === "GET" || ctx.method === "HEAD";
  if (isShown && ctx.path === prefix) return sendEmpty(res, 301, { location: `${prefix}/${search}` });
  const outgoing = open(req, target, path + search, forwardedHeaders(req, prefix));
  await relayRequest(ctx, outgoing, async (answer) => {
    const headers = throughProxy(answer.headers, target, prefix);
    const page = { host: hostPort(target), requestHost: req.headers.host ?? "", prefix };
    const through = await linkRewriter(answer.headers, page);
    if (through.length > 0) delete headers["content-length"];
    return { headers, through };
  }).catch(unreachable);
}

/** As `forwardRequest`, for a request that asks for another protocol. */
export async function forwardUpgrade(upgrade: UpgradeRequest, target: ProxyTarget): Promise<void> {
  const { req } = upgrade;
  const [prefix, path = "/"] = split(req.url!.split("?", 1)[0]!);
  const outgoing = open(req, target, path + searchOf(req), forwardedUpgradeHeaders(req, prefix));
  await relayUpgrade(upgrade, outgoing, (answer) => ({
    headers: throughProxy(answer.headers, target, prefix),
  })).catch(unreachable);
}

function unreachable(error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error;
  throw statusServiceUnavailable(`error trying to reach service: ${error.message}`);
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

/** Where it leads to itself, it leads through here. */
function throughProxy(
  answered: IncomingHttpHeaders,
  { protocol, host, port }: ProxyTarget,
  prefix: string,
): OutgoingHttpHeaders {
  const headers = answeredHeaders(answered);
  const { location } = answered;
  const itself = [`${protocol}//${hostPort({ host, port })}`, `${protocol}//${host}`].find((start) =>
    location?.startsWith(start),
  );
  if (itself) headers.location = prefix + location!.slice(itself.length);
  else if (location?.startsWith("/") && !location.startsWith("//")) headers.location = prefix + location;
  return headers;
}
