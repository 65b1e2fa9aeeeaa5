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
  const forwarded = withoutHopByHop(headers);
  // Many servers read `X_Real_IP` as they read `X-Real-IP`.
  for (const name in forwarded)
    if (name.includes("_") && OWN.has(name.replaceAll("_", "-"))) delete forwarded[name];
  // Taken care of by this proxy.
  delete forwarded.expect;
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
  // Node frames the body of a GET or DELETE only where it is told to: it would stand there as a request of its own.
  if (headers["transfer-encoding"] !== undefined) forwarded["transfer-encoding"] = "chunked";
  return forwarded;
}

/** As `forwardedHeaders`, of a request for another protocol: what follows it is no body. */
export function forwardedUpgradeHeaders(request: Incoming): OutgoingHttpHeaders {
  const { "content-length": _, "transfer-encoding": __, ...headers } = forwardedHeaders(request);
  return { ...headers, connection: "Upgrade", upgrade: request.headers.upgrade ?? "" };
}

/** An answer's headers, as the client gets them. */
export function answeredHeaders(answered: IncomingHttpHeaders): OutgoingHttpHeaders {
  return withoutHopByHop(answered);
}

function withoutHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = { ...headers };
  const { connection } = headers;
  if (connection !== undefined && connection !== "keep-alive")
    for (const name of connection.split(",").map((one) => one.trim().toLowerCase()))
      if (!KEPT.has(name)) delete kept[name];
  for (const name of OF_A_CONNECTION) if (name in kept) delete kept[name];
  for (const name in kept) if (name.startsWith(":")) delete kept[name];
  return kept;
}
