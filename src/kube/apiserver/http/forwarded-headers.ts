import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { OF_A_CONNECTION } from "../../../http/index.ts";
import { subprotocolsWithoutToken } from "../authentication/web-socket-token.ts";

/** Beside what belongs to one connection: what is our client's proof of who it is nobody behind us gets. */
const NOT_FORWARDED = new Set([...OF_A_CONNECTION, "authorization", "expect", "host"]);
const PRIVATE_PREFIXES = ["impersonate-", "x-remote-"];

/** A client's headers, as who stands behind us gets them. `uri` is the path under which it is reached here. */
export function forwardedHeaders(req: IncomingMessage, uri: string): OutgoingHttpHeaders {
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
  if (req.headers.host !== undefined) headers["x-forwarded-host"] = req.headers.host;
  headers["x-forwarded-proto"] = "https";
  headers["x-forwarded-uri"] = uri;
  // Node frames the body of a GET or DELETE only where it is told to: it would stand there as a request of its own.
  if (req.headers["transfer-encoding"] !== undefined) headers["transfer-encoding"] = "chunked";
  return headers;
}

/** As `forwardedHeaders`, of a request for another protocol: what follows it is no body. */
export function forwardedUpgradeHeaders(req: IncomingMessage, uri: string): OutgoingHttpHeaders {
  const headers = forwardedHeaders(req, uri);
  delete headers["content-length"];
  delete headers["transfer-encoding"];
  return { ...headers, connection: "Upgrade", upgrade: req.headers.upgrade ?? "" };
}

/** What goes back of the headers that were answered. */
export function answeredHeaders(answered: IncomingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(answered)) if (!NOT_FORWARDED.has(name)) headers[name] = value;
  return headers;
}
