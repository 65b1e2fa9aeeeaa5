import type { RouteFilter, RouteRule, WeightedBackend } from "../../../reverse-proxy/index.ts";
import type { IngressSettings } from "../annotations/ingress-settings.ts";

export interface RuleMaterial {
  settings: IngressSettings;
  /** Absent: 503 for everybody. */
  guards: Pick<RouteRule, "basicAuth" | "allowedSources"> | undefined;
}

/** What all rules of an Ingress have in common, by its annotations. */
export function ruleOf(
  base: Pick<RouteRule, "name" | "match"> & { path: string },
  backend: string | undefined,
  { settings, guards }: RuleMaterial,
): RouteRule {
  const { name, match, path } = base;
  if (!guards) return { name, match, filters: [{ type: "respond", status: 503 }], backends: [] };
  const common = { name, match, ...guards };
  if (settings.redirect) return { ...common, filters: [settings.redirect], backends: [] };
  if (backend === undefined) return { ...common, filters: [{ type: "respond", status: 503 }], backends: [] };
  const backends: WeightedBackend[] = [{ backend, weight: 1 }];
  const { maxBodyBytes, timeouts, sessionCookie } = settings;
  return {
    ...common,
    filters: filtersOf(settings),
    backends,
    ...(timeouts ? { timeouts } : {}),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    ...(sessionCookie
      ? {
          sessionCookie: {
            ...sessionCookie,
            path: sessionCookie.path ?? (match.path.type === "regex" ? path : "/"),
          },
        }
      : {}),
  };
}

function filtersOf(settings: IngressSettings): RouteFilter[] {
  const { cors, rewriteTarget, upstreamHost, forwardedPrefix } = settings;
  const filters: RouteFilter[] = [];
  if (cors) filters.push(cors);
  if (rewriteTarget !== undefined || upstreamHost !== undefined) {
    filters.push({
      type: "rewrite",
      ...(upstreamHost === undefined ? {} : { host: upstreamHost }),
      ...(rewriteTarget === undefined ? {} : { path: { type: "regex", value: rewriteTarget } }),
    });
  }
  if (forwardedPrefix !== undefined) {
    filters.push({ type: "request-headers", set: [{ name: "X-Forwarded-Prefix", value: forwardedPrefix }] });
  }
  return filters;
}

/** The same rule where it only sends clients to TLS: 308, as ingress-nginx. */
export function redirectedToTls(rule: RouteRule, httpsPort: number): RouteRule {
  const { name, match } = rule;
  const port = httpsPort === 443 ? {} : { port: httpsPort };
  return {
    name,
    match,
    filters: [{ type: "redirect", scheme: "https", ...port, status: 308 }],
    backends: [],
  };
}

/** Of a host whose bytes go on unopened there is no path: the rule of `/` counts, or else the last. */
export function passedOn(rules: readonly RouteRule[]): RouteRule[] {
  const found = rules.find(({ match }) => match.path.value === "/") ?? rules.at(-1);
  if (!found) return [];
  const { name, backends, allowedSources } = found;
  const match: RouteRule["match"] = { path: { type: "any", value: "" } };
  return [{ name, match, filters: [], backends, ...(allowedSources ? { allowedSources } : {}) }];
}

/** The start page elsewhere: 302. */
export function appRootRule(name: string, path: string): RouteRule {
  return {
    name,
    match: { path: { type: "exact", value: "/" } },
    filters: [{ type: "redirect", path: { type: "full", value: path }, status: 302 }],
    backends: [],
  };
}

/** With `www.` or without: where the other name sends its clients. */
export function wwwCounterpart(host: string): string {
  return host.startsWith("www.") ? host.slice(4) : `www.${host}`;
}

export function hostRedirect(name: string, host: string): RouteRule {
  return {
    name,
    match: { path: { type: "any", value: "" } },
    filters: [{ type: "redirect", host, status: 308 }],
    backends: [],
  };
}
