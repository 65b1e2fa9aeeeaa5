import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { OF_A_CONNECTION } from "../http/index.ts";
import type { Incoming } from "./incoming.ts";

/** Without these the other side reads another request: nobody can ask for them to be left out. */
const KEPT = new Set(["content-length", "host"]);
/** What this proxy says. */
const OWN = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-scheme",
  "x-original-forwarded-for",
  "x-real-ip",
  "x-request-id",
  "x-scheme",
]);

/** A client's headers, as a backend gets them: with who asked for what, as ingress-nginx tells it, whatever the client says of that. */
export function forwardedHeaders(request: Incoming): OutgoingHttpHeaders {
  const { headers, client, scheme, port } = request;
  const forwarded = withoutHopByHop(headers, isNotForwarded);
  const before = headers["x-forwarded-for"];
  if (before !== undefined) forwarded["x-original-forwarded-for"] = before;
  forwarded["x-forwarded-for"] = client;
  forwarded["x-real-ip"] = client;
  forwarded["x-forwarded-host"] = headers.host ?? request.host;
  forwarded["x-forwarded-port"] = String(port);
  forwarded["x-forwarded-proto"] = scheme;
  forwarded["x-forwarded-scheme"] = scheme;
  forwarded["x-scheme"] = scheme;
  forwarded["x-request-id"] = request.id;
  return forwarded;
}

/** This proxy says it, or has taken care of it. Many servers read `X_Real_IP` as they read `X-Real-IP`. */
function isNotForwarded(name: string): boolean {
  return OWN.has(name) || name === "expect" || (name.includes("_") && OWN.has(name.replaceAll("_", "-")));
}

/** As `forwardedHeaders`, of a request for another protocol: what follows it is no body. */
export function forwardedUpgradeHeaders(request: Incoming): OutgoingHttpHeaders {
  const { "content-length": _, ...headers } = forwardedHeaders(request);
  return { ...headers, connection: "Upgrade", upgrade: request.headers.upgrade ?? "" };
}

/** An answer's headers, as the client gets them. */
export function answeredHeaders(answered: IncomingHttpHeaders): OutgoingHttpHeaders {
  return withoutHopByHop(answered, () => false);
}

const HOP_BY_HOP = new Set(OF_A_CONNECTION);

function withoutHopByHop(
  headers: IncomingHttpHeaders,
  isLeftOut: (name: string) => boolean,
): OutgoingHttpHeaders {
  const { connection } = headers;
  const named = connection === undefined || connection === "keep-alive" ? undefined : namesIn(connection);
  const kept: OutgoingHttpHeaders = {};
  for (const name in headers) {
    if (HOP_BY_HOP.has(name) || isLeftOut(name) || name.charCodeAt(0) === COLON) continue;
    if (named?.has(name) && !KEPT.has(name)) continue;
    kept[name] = headers[name];
  }
  return kept;
}

/** Of HTTP/2: the request line's parts. */
const COLON = 58;

function namesIn(connection: string): Set<string> {
  return new Set(connection.split(",").map((one) => one.trim().toLowerCase()));
}
