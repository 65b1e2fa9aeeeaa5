import type { OutgoingHttpHeaders } from "node:http";
import type { Incoming } from "./incoming.ts";
import type { RouteFilter } from "./types.ts";

export type CorsFilter = Extract<RouteFilter, { type: "cors" }>;

/** Whether a browser asks what it may do before it does it (Fetch §3.2.2). */
export function isPreflight({ method, headers }: Incoming): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}

/** What a browser is told; nothing where the origin is none of those that may. */
export function corsHeaders(filter: CorsFilter, request: Incoming, preflight: boolean): OutgoingHttpHeaders {
  const { origin } = request.headers;
  if (origin === undefined || !filter.allowOrigins.some((allowed) => isAllowed(allowed, origin))) return {};
  const isForAll = filter.allowOrigins.includes("*") && !filter.allowCredentials;
  return {
    "access-control-allow-origin": isForAll ? "*" : origin,
    ...(isForAll ? {} : { vary: "Origin" }),
    ...(filter.allowCredentials ? { "access-control-allow-credentials": "true" } : {}),
    ...(filter.exposeHeaders.length > 0
      ? { "access-control-expose-headers": filter.exposeHeaders.join(", ") }
      : {}),
    ...(preflight
      ? {
          "access-control-allow-methods": filter.allowMethods.join(", "),
          "access-control-allow-headers": filter.allowHeaders.join(", "),
          "access-control-max-age": String(filter.maxAgeSeconds),
        }
      : {}),
  };
}

/** `*`, an origin, or one with a first label that may be any (`https://*.example.com`). */
function isAllowed(allowed: string, origin: string): boolean {
  if (allowed === "*" || allowed.toLowerCase() === origin.toLowerCase()) return true;
  const star = allowed.indexOf("*.");
  if (star < 0) return false;
  const [start, end] = [allowed.slice(0, star), allowed.slice(star + 1)].map((text) => text.toLowerCase());
  const text = origin.toLowerCase();
  return text.startsWith(start!) && text.endsWith(end!) && text.length > start!.length + end!.length;
}
