import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { AuthenticationFailure } from "./authenticator.ts";

const HEADER = "sec-websocket-protocol";
const PREFIX = "base64url.bearer.authorization.k8s.io.";

/**
 * The token of a client that cannot set headers on a WebSocket, as browsers cannot, and sends it as a subprotocol
 * (apiserver's websocket.NewProtocolAuthenticator). Read where a WebSocket is asked for only. It is taken out of the
 * request: nobody behind us gets it, and it is not echoed.
 */
export function takeWebSocketToken(request: IncomingMessage): string | undefined {
  if (!asksForWebSocket(request)) return undefined;
  const offered = protocolsOf(request);
  const [encoded, ...more] = offered.filter((protocol) => protocol.startsWith(PREFIX));
  if (encoded === undefined) return undefined;
  const rest = withoutToken(offered);
  if (more.length > 0)
    throw new AuthenticationFailure("multiple base64.bearer.authorization tokens specified");
  // One must be left that can be echoed to the client.
  if (rest.length === 0) throw new AuthenticationFailure("missing additional subprotocol");
  const token = decode(encoded.slice(PREFIX.length));
  request.headers[HEADER] = rest.join(",");
  request.headersDistinct[HEADER] = [rest.join(",")];
  return token;
}

/** The value of the header without a token in it; undefined where nothing is left. */
export function subprotocolsWithoutToken(values: readonly string[]): string | undefined {
  return withoutToken(values.flatMap(split)).join(",") || undefined;
}

function asksForWebSocket({ headers }: IncomingMessage): boolean {
  const connection = split(headers.connection ?? "").map((word) => word.toLowerCase());
  return connection.includes("upgrade") && headers.upgrade?.toLowerCase() === "websocket";
}

function protocolsOf({ headersDistinct }: IncomingMessage): string[] {
  return (headersDistinct[HEADER] ?? []).flatMap(split);
}

function withoutToken(protocols: readonly string[]): string[] {
  return protocols.filter((protocol) => protocol !== "" && !protocol.startsWith(PREFIX));
}

function split(text: string): string[] {
  return text.split(",").map((word) => word.trim());
}

function decode(encoded: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(encoded))
    throw new AuthenticationFailure("invalid base64.bearer.authorization token encoding");
  const bytes = Buffer.from(encoded, "base64url");
  if (!isUtf8(bytes)) throw new AuthenticationFailure("invalid base64.bearer.authorization token");
  return bytes.toString("utf8");
}
