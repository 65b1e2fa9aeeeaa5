import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { GantryError } from "../../base/index.ts";
import { acceptWebSocket, upgradeKind } from "./upgrade-protocols.ts";
import { WebSocketDuplex } from "./websocket-duplex.ts";

export interface WebSocketStreamOptions {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** Bytes are sent in texts (as UTF-8), for clients from before binary messages. */
  isText: boolean;
}

/**
 * Takes the connection over as a WebSocket whose messages, texts or not, are one stream of bytes each way. A subprotocol
 * is agreed to where the client names just one. Throws InvalidArgument before anything is answered
 * (`Http.NotAnUpgrade`) where the request asks for no WebSocket, and after an answer of 400 where it does so badly.
 */
export async function acceptWebSocketStream(options: WebSocketStreamOptions): Promise<Duplex> {
  const { req, socket, head, isText } = options;
  if (upgradeKind(req) !== "websocket") {
    throw new GantryError("InvalidArgument", "not websocket protocol", { code: "Http.NotAnUpgrade" });
  }
  const [protocol = "", ...others] = String(req.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((word) => word.trim());
  const webSocket = await acceptWebSocket(req, socket, head, others.length > 0 ? "" : protocol);
  return new WebSocketDuplex(webSocket, { isText });
}
