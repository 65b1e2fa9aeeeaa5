import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { type Clock, GantryError, systemClock } from "../../base/index.ts";
import { acceptWebSocket, chooseWebSocketProtocol, upgradeKind } from "./upgrade-protocols.ts";

/** Which of them carry the bytes as base64 in texts; the nameless one and the other carry them as they are. */
const IS_TEXT: Record<string, boolean> = { "binary.k8s.io": false, "base64.binary.k8s.io": true };
const NORMAL_CLOSURE = 1000;
/** How long a client may take to say goodbye. */
const LINGER_MS = 10_000;

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
  const { req, socket, head, chunks, stallMs, clock = systemClock } = options;
  if (upgradeKind(req) !== "websocket") {
    throw new GantryError("InvalidArgument", "Upgrade request required", { code: "Http.NotAnUpgrade" });
  }
  const protocol = chooseWebSocketProtocol(req, Object.keys(IS_TEXT), "");
  const webSocket = await acceptWebSocket(req, socket, head, protocol);
  const closed = new Promise<void>((resolve) => webSocket.once("close", () => resolve()));
  webSocket.on("message", () => {});
  const send = async (bytes: Uint8Array) => {
    const cancel = clock.after(stallMs, () => webSocket.terminate(), { unref: true });
    try {
      return await sent(webSocket, IS_TEXT[protocol] ? Buffer.from(bytes).toString("base64") : bytes);
    } finally {
      cancel();
    }
  };
  try {
    let isOpen = await send(Buffer.alloc(0));
    for await (const chunk of chunks) {
      isOpen &&= await send(chunk);
      if (!isOpen) return;
    }
  } finally {
    webSocket.close(NORMAL_CLOSURE);
    const cancel = clock.after(LINGER_MS, () => webSocket.terminate(), { unref: true });
    await closed;
    cancel();
  }
}

/** False when the client has gone. */
function sent(webSocket: WebSocket, message: string | Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    if (webSocket.readyState !== webSocket.OPEN) resolve(false);
    else webSocket.send(message, { binary: typeof message !== "string" }, (error) => resolve(!error));
  });
}
