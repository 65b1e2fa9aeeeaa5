import type { PathRewrite, RouteFilter } from "../../../reverse-proxy/index.ts";
import type { HeaderModifier, PathModifier, RouteFilterObject } from "./gateway-types.ts";
import type { RouteBackends } from "./route-backends.ts";

/** Why a rule cannot be in force. */
export interface RuleProblem {
  readonly reason: string;
  readonly message: string;
}

/** The filters of a rule or a backend, or why they cannot be. */
export function routeFilters(
  filters: readonly RouteFilterObject[] = [],
  backends: RouteBackends,
): RouteFilter[] | RuleProblem {
  const types = filters.map(({ type }) => type);
  if (types.includes("RequestRedirect") && types.includes("URLRewrite")) {
    const message = "a rule cannot both redirect and rewrite";
    return { reason: "IncompatibleFilters", message };
  }
  const made = filters.map((filter) => routeFilter(filter, backends));
  const wrong = made.find((one): one is RuleProblem => one !== undefined && "reason" in one);
  return wrong ?? made.filter((one): one is RouteFilter => one !== undefined);
}

/** Undefined: it does nothing. */
function routeFilter(
  filter: RouteFilterObject,
  backends: RouteBackends,
): RouteFilter | RuleProblem | undefined {
  const { type } = filter;
  switch (type) {
    case "RequestHeaderModifier":
      return { type: "request-headers", ...headerChanges(filter.requestHeaderModifier) };
    case "ResponseHeaderModifier":
      return { type: "response-headers", ...headerChanges(filter.responseHeaderModifier) };
    case "RequestRedirect":
      return redirect(filter.requestRedirect ?? {});
    case "URLRewrite": {
      const { hostname, path } = filter.urlRewrite ?? {};
      return {
        type: "rewrite",
        ...(hostname ? { host: hostname } : {}),
        ...(path ? { path: pathRewrite(path) } : {}),
      };
    }
    case "RequestMirror":
      return mirror(filter.requestMirror, backends);
    case "CORS":
      return cors(filter.cors ?? {});
    default:
      return { reason: "UnsupportedValue", message: `filters of type ${type} are not implemented` };
  }
}

function headerChanges({ set, add, remove }: HeaderModifier = {}): HeaderModifier {
  return { ...(set ? { set } : {}), ...(add ? { add } : {}), ...(remove ? { remove } : {}) };
}

function redirect({
  scheme,
  hostname,
  port,
  path,
  statusCode = 302,
}: NonNullable<RouteFilterObject["requestRedirect"]>): RouteFilter | RuleProblem {
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return { reason: "UnsupportedValue", message: `there are no redirects to the scheme ${scheme}` };
  return {
    type: "redirect",
    status: statusCode,
    ...(scheme ? { scheme } : {}),
    ...(hostname ? { host: hostname } : {}),
    ...(port ? { port } : {}),
    ...(path ? { path: pathRewrite(path) } : {}),
  };
}

function pathRewrite({ type, replaceFullPath, replacePrefixMatch }: PathModifier): PathRewrite {
  if (type === "ReplacePrefixMatch") return { type: "prefix", value: replacePrefixMatch ?? "/" };
  return { type: "full", value: replaceFullPath ?? "/" };
}

function mirror(
  wanted: RouteFilterObject["requestMirror"],
  backends: RouteBackends,
): RouteFilter | undefined {
  const backend = wanted && backends.nameOf(wanted.backendRef);
  if (!wanted || backend === undefined) return undefined;
  const { percent, fraction } = wanted;
  const share = fraction ? (100 * fraction.numerator) / (fraction.denominator ?? 100) : (percent ?? 100);
  return { type: "mirror", backend, percent: share };
}

/** GEP-1767: what is not said is not allowed, and is good for five seconds. */
function cors(wanted: NonNullable<RouteFilterObject["cors"]>): RouteFilter {
  return {
    type: "cors",
    allowOrigins: wanted.allowOrigins ?? [],
    allowMethods: wanted.allowMethods ?? [],
    allowHeaders: wanted.allowHeaders ?? [],
    exposeHeaders: wanted.exposeHeaders ?? [],
    allowCredentials: wanted.allowCredentials ?? false,
    maxAgeSeconds: wanted.maxAge ?? 5,
  };
}
