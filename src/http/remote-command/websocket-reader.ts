import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, GantryError, systemClock } from "../../base/index.ts";
import { chooseWebSocketProtocol, upgradeKind } from "./upgrade-protocols.ts";
import { sendMessages } from "./websocket-messages.ts";

/** Which of them carry the bytes as base64 in texts; the nameless one and the other carry them as they are. */
const IS_TEXT: Record<string, boolean> = { "binary.k8s.io": false, "base64.binary.k8s.io": true };

export interface WebSocketReaderOptions {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  chunks: AsyncIterable<Uint8Array>;
  /** A client that takes nothing for so long is cut off. */
  stallMs: number;
  clock?: Clock;
}

/**
 * Sends what is read as messages over a WebSocket (apiserver's wsstream.Reader): first an empty one, which tells the client
 * that the connection stands. What the client sends is not read for anything; the end of either side ends it. Throws
 * before anything is answered: PermissionDenied (`Http.NoCommonProtocol`), InvalidArgument (`Http.NotAnUpgrade`).
 */
export async function sendOverWebSocket(options: WebSocketReaderOptions): Promise<void> {
  const { chunks, clock = systemClock, ...others } = options;
  if (upgradeKind(options.req) !== "websocket") {
    throw new GantryError("InvalidArgument", "Upgrade request required", { code: "Http.NotAnUpgrade" });
  }
  const protocol = chooseWebSocketProtocol(options.req, Object.keys(IS_TEXT), "");
  const messages = messagesOf(chunks, IS_TEXT[protocol] === true);
  await sendMessages({ ...others, clock, protocol, messages });
}

async function* messagesOf(chunks: AsyncIterable<Uint8Array>, isText: boolean) {
  const message = (bytes: Uint8Array) => (isText ? Buffer.from(bytes).toString("base64") : bytes);
  yield message(Buffer.alloc(0));
  for await (const chunk of chunks) yield message(chunk);
}
