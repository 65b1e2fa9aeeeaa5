import { type OutgoingHttpHeaders, STATUS_CODES } from "node:http";
import { BasicAuth } from "./basic-auth.ts";
import { corsHeaders, isPreflight } from "./cors.ts";
import type { Incoming } from "./incoming.ts";
import { rewritePath } from "./rewrite-path.ts";
import { SourceNetworks } from "./source-networks.ts";
import type { HeaderChanges, RouteFilter, RouteRule } from "./types.ts";

/** An answer of the proxy's own. */
export interface OwnAnswer {
  kind: "answer";
  status: number;
  headers: OutgoingHttpHeaders;
  body: string;
}

/** What is sent on. */
export interface Forwarding {
  kind: "forward";
  path: string;
  /** In place of the one that was asked for. */
  host: string | undefined;
  requestChanges: readonly HeaderChanges[];
  responseChanges: readonly HeaderChanges[];
  /** Beside what the backend answers. */
  responseHeaders: OutgoingHttpHeaders;
  mirrors: readonly string[];
}

const UNCHANGED = {
  kind: "forward",
  host: undefined,
  requestChanges: [],
  responseChanges: [],
  responseHeaders: {},
  mirrors: [],
} as const;

/** What becomes of a request that a rule covers: from what the rule says alone, without asking anybody. */
export function planRequest(
  request: Incoming,
  rule: RouteRule,
  filters: readonly RouteFilter[],
  random: () => number = Math.random,
): OwnAnswer | Forwarding {
  const refusal = refusalOf(request, rule);
  if (refusal) return refusal;
  if (filters.length === 0) return { ...UNCHANGED, path: request.path };
  const requestChanges: HeaderChanges[] = [];
  const responseChanges: HeaderChanges[] = [];
  const mirrors: string[] = [];
  let responseHeaders: OutgoingHttpHeaders = {};
  let { path } = request;
  let host: string | undefined;
  for (const filter of filters) {
    switch (filter.type) {
      case "request-headers":
        requestChanges.push(filter);
        break;
      case "response-headers":
        responseChanges.push(filter);
        break;
      case "rewrite":
        if (filter.path) path = rewritePath(request, filter.path, rule.match.path);
        host = filter.host ?? host;
        break;
      case "mirror":
        if (random() * 100 < filter.percent) mirrors.push(filter.backend);
        break;
      case "cors":
        responseHeaders = { ...responseHeaders, ...corsHeaders(filter, request, false) };
        break;
      case "redirect":
        return answer(filter.status, { location: locationOf(request, rule, filter) });
      case "respond":
        return answer(filter.status, {}, filter.body);
    }
  }
  return { kind: "forward", path, host, requestChanges, responseChanges, responseHeaders, mirrors };
}

/** A short page of the proxy's own: the status and its name, unless something else is to be said. */
export function answer(status: number, headers: OutgoingHttpHeaders = {}, body?: string): OwnAnswer {
  const text =
    body ?? (status === 204 || status === 304 ? "" : `${status} ${STATUS_CODES[status] ?? ""}`.trim() + "\n");
  return {
    kind: "answer",
    status,
    headers: text === "" ? headers : { "content-type": "text/plain; charset=utf-8", ...headers },
    body: text,
  };
}

function refusalOf(request: Incoming, rule: RouteRule): OwnAnswer | undefined {
  const { allowedSources, basicAuth, maxBodyBytes } = rule;
  if (
    allowedSources &&
    !remembered(networks, allowedSources, () => new SourceNetworks(allowedSources)).has(request.client)
  )
    return answer(403);
  // A browser sends no name and password with it.
  const cors = rule.filters.find((filter) => filter.type === "cors");
  if (cors && isPreflight(request)) return answer(204, corsHeaders(cors, request, true));
  if (basicAuth) {
    const users = remembered(auths, basicAuth, () => new BasicAuth(basicAuth.users));
    if (!users.admits(request.headers.authorization))
      return answer(401, {
        "www-authenticate": `Basic realm="${basicAuth.realm.replace(/["\\\r\n]/g, "")}"`,
      });
  }
  if (maxBodyBytes !== undefined && Number(request.headers["content-length"] ?? 0) > maxBodyBytes)
    return answer(413);
  return undefined;
}

/** What is made of a part of a rule, as long as the rule is there. */
const networks = new WeakMap<object, SourceNetworks>();
const auths = new WeakMap<object, BasicAuth>();

function remembered<T>(all: WeakMap<object, T>, key: object, make: () => T): T {
  const known = all.get(key);
  if (known) return known;
  const made = make();
  all.set(key, made);
  return made;
}

function locationOf(
  request: Incoming,
  rule: RouteRule,
  { scheme, host, port, path }: Extract<RouteFilter, { type: "redirect" }>,
): string {
  const to = scheme ?? request.scheme;
  const own = to === "https" ? 443 : 80;
  const toPort = port ?? (scheme === undefined ? request.port : own);
  const target = path ? rewritePath(request, path, rule.match.path) : request.path;
  return `${to}://${host ?? request.host}${toPort === own ? "" : `:${toPort}`}${target}${request.search}`;
}
