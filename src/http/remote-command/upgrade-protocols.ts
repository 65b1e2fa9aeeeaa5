import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { GantryError } from "../../base/index.ts";

const SPDY_HEADER = "x-stream-protocol-version";
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;

/** Which way an Upgrade request wants to go; undefined for none that is known here. */
export function upgradeKind(req: IncomingMessage): "spdy" | "websocket" | undefined {
  const wanted = req.headers.upgrade?.toLowerCase();
  if (wanted === "websocket") return "websocket";
  return wanted === "spdy/3.1" ? "spdy" : undefined;
}

function listOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((line) => line.split(","))
    .map((word) => word.trim())
    .filter(Boolean);
}

/**
 * The first of the client's protocols that is known here; `fallback` when it names none. PermissionDenied
 * (`Http.NoCommonProtocol`) when it names only unknown ones.
 */
function chooseProtocol(offered: string[], known: readonly string[], fallback: string): string {
  if (offered.length === 0) return fallback;
  const chosen = offered.find((protocol) => known.includes(protocol));
  if (chosen !== undefined) return chosen;
  throw new GantryError(
    "PermissionDenied",
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(" ")}], server accepts [${known.join(" ")}]`,
    { code: "Http.NoCommonProtocol" },
  );
}

/** Which of the known protocols an Upgrade to SPDY shall carry. */
export function chooseSpdyProtocol(req: IncomingMessage, known: readonly string[], fallback: string): string {
  return chooseProtocol(listOf(req.headers[SPDY_HEADER]), known, fallback);
}

/** The same for a WebSocket's subprotocol; the empty name stands for none. */
export function chooseWebSocketProtocol(
  req: IncomingMessage,
  known: readonly string[],
  fallback: string,
): string {
  return chooseProtocol(listOf(req.headers["sec-websocket-protocol"]), known, fallback);
}

/** Answers 101 and gives the connection, with what the client already sent pushed back into it. */
export function acceptSpdy(socket: Duplex, head: Buffer, protocol: string): Duplex {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  return socket;
}

/** Does the WebSocket handshake. What is no proper handshake is answered with 400 and fails with InvalidArgument. */
export function acceptWebSocket(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: () => protocol || false,
  });
  return new Promise((resolve, reject) => {
    const onClose = () =>
      reject(
        new GantryError("InvalidArgument", "malformed WebSocket handshake", { code: "Http.BadWebSocket" }),
      );
    socket.once("close", onClose);
    server.handleUpgrade(req, socket, head, (webSocket) => {
      socket.off("close", onClose);
      // Errors end in a close, which everybody watches for.
      webSocket.on("error", () => {});
      resolve(webSocket);
    });
  });
}
