import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../base/index.ts";
import { acceptWebSocket } from "./upgrade-protocols.ts";

const NORMAL_CLOSURE = 1000;
/** How long a client may take to say goodbye. */
const LINGER_MS = 10_000;

export interface WebSocketMessagesOptions {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** The subprotocol; empty for none. */
  protocol: string;
  /** Texts and bytes; not asked for more once the client has gone. */
  messages: AsyncIterable<string | Uint8Array>;
  /** A client that takes nothing for so long is cut off. */
  stallMs: number;
  clock: Clock;
}

/** Accepts a WebSocket and sends messages over it until there are no more, or the client goes; what that one sends is passed over. */
export async function sendMessages(options: WebSocketMessagesOptions): Promise<void> {
  const { req, socket, head, protocol, messages, stallMs, clock } = options;
  const webSocket = await acceptWebSocket(req, socket, head, protocol);
  const closed = new Promise<void>((resolve) => webSocket.once("close", () => resolve()));
  webSocket.on("message", () => {});
  const send = async (message: string | Uint8Array) => {
    const cancel = clock.after(stallMs, () => webSocket.terminate(), { unref: true });
    try {
      return await sent(webSocket, message);
    } finally {
      cancel();
    }
  };
  try {
    for await (const message of messages) if (!(await send(message))) return;
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
