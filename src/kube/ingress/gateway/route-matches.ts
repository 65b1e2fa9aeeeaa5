import type { RequestMatch, ValueMatch } from "../../../reverse-proxy/index.ts";
import { patternProblem } from "../pattern.ts";
import type { GrpcRouteRule, HttpRouteMatch, HttpRouteRule, MatchedValue } from "./gateway-types.ts";
import type { RuleProblem } from "./route-filters.ts";

const EVERYTHING: RequestMatch = { path: { type: "prefix", value: "/" } };

export function httpMatches({ matches }: HttpRouteRule): RequestMatch[] | RuleProblem {
  return allOf((matches?.length ? matches : [{}]).map(httpMatch));
}

export function grpcMatches({ matches }: GrpcRouteRule): RequestMatch[] | RuleProblem {
  return allOf((matches?.length ? matches : [{}]).map(grpcMatch));
}

function allOf(made: readonly (RequestMatch | RuleProblem)[]): RequestMatch[] | RuleProblem {
  const wrong = made.find((one): one is RuleProblem => "reason" in one);
  return wrong ?? (made as RequestMatch[]);
}

function httpMatch({ path, headers, queryParams, method }: HttpRouteMatch): RequestMatch | RuleProblem {
  const { type = "PathPrefix", value = "/" } = path ?? {};
  const types = { Exact: "exact", PathPrefix: "prefix", RegularExpression: "regex" } as const;
  const known = types[type as keyof typeof types];
  if (!known) return unsupported(`paths of type ${type} are not implemented`);
  const ofHeaders = valueMatches(headers, true);
  const ofQuery = valueMatches(queryParams, false);
  if ("reason" in ofHeaders) return ofHeaders;
  if ("reason" in ofQuery) return ofQuery;
  const pattern = known === "regex" ? wholePattern(value) : value;
  if (typeof pattern !== "string") return pattern;
  return {
    path: { type: known, value: pattern },
    ...(method ? { method } : {}),
    ...(ofHeaders.length > 0 ? { headers: ofHeaders } : {}),
    ...(ofQuery.length > 0 ? { query: ofQuery } : {}),
  };
}

/** A call is a request for `/SERVICE/METHOD` (gRPC over HTTP/2, "Requests"). */
function grpcMatch({
  method,
  headers,
}: NonNullable<GrpcRouteRule["matches"]>[number]): RequestMatch | RuleProblem {
  const ofHeaders = valueMatches(headers, true);
  if ("reason" in ofHeaders) return ofHeaders;
  const path = method ? methodPath(method) : EVERYTHING.path;
  if ("reason" in path) return path;
  return { path, ...(ofHeaders.length > 0 ? { headers: ofHeaders } : {}) };
}

function methodPath({
  type = "Exact",
  service,
  method,
}: {
  type?: string;
  service?: string;
  method?: string;
}): RequestMatch["path"] | RuleProblem {
  if (!service && !method) return EVERYTHING.path;
  if (type === "Exact" && service) {
    return method
      ? { type: "exact", value: `/${service}/${method}` }
      : { type: "prefix", value: `/${service}` };
  }
  if (type === "Exact") return { type: "regex", value: `^/[^/]+/${method}$` };
  const part = (text: string | undefined) => (text ? `(?:${text})` : "[^/]+");
  const pattern = wholePattern(`/${part(service)}/${part(method)}`);
  return typeof pattern === "string" ? { type: "regex", value: pattern } : pattern;
}

/** Of several entries of one name only the first counts (HTTPHeaderMatch.name). */
function valueMatches(values: readonly MatchedValue[] = [], foldsCase: boolean): ValueMatch[] | RuleProblem {
  const found = new Map<string, ValueMatch>();
  for (const { type = "Exact", name, value } of values) {
    const key = foldsCase ? name.toLowerCase() : name;
    if (found.has(key)) continue;
    const pattern = type === "RegularExpression" ? wholePattern(value) : value;
    if (typeof pattern !== "string") return pattern;
    found.set(key, { name: key, type: type === "RegularExpression" ? "regex" : "exact", value: pattern });
  }
  return [...found.values()];
}

/** A pattern must fit the whole text, as with most implementations. */
function wholePattern(pattern: string): string | RuleProblem {
  const problem = patternProblem(pattern);
  return problem === undefined ? `^(?:${pattern})$` : unsupported(problem);
}

const unsupported = (message: string): RuleProblem => ({ reason: "UnsupportedValue", message });
