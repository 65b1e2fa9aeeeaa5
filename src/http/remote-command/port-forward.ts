import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Clock, errorMessage, GantryError, systemClock } from "../../base/index.ts";
import { joinDuplexes } from "./join-duplexes.ts";
import { SpdyConnection } from "./spdy-connection.ts";
import type { SpdyStream } from "./spdy-stream.ts";
import {
  acceptSpdy,
  acceptWebSocket,
  chooseSpdyProtocol,
  chooseWebSocketProtocol,
  upgradeKind,
} from "./upgrade-protocols.ts";
import { WebSocketDuplex } from "./websocket-duplex.ts";
import { acceptPortChannels, PORT_CHANNEL_PROTOCOLS } from "./websocket-port-forward.ts";

/** Connects to a port of the pod; what it throws is told to the client by its message. */
export type ConnectToPort = (port: number) => Promise<Duplex>;

export interface PortForwardOptions {
  /** How long the client may take to open the second of two streams that belong together: 30 s. */
  streamTimeoutMs?: number;
  clock?: Clock;
}

const SPDY_PROTOCOL = "portforward.k8s.io";
/** SPDY carried in a WebSocket's messages: kubectl's way from 1.31 on. */
const TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";

/**
 * Accepts a port-forward and serves it; resolves when the client has ended it. Throws before anything is answered as
 * `acceptRemoteCommand` does.
 */
export async function acceptPortForward(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  connect: ConnectToPort,
  options: PortForwardOptions = {},
): Promise<void> {
  switch (upgradeKind(req)) {
    case "spdy": {
      const protocol = chooseSpdyProtocol(req, [SPDY_PROTOCOL], SPDY_PROTOCOL);
      return servePairs(acceptSpdy(socket, head, protocol), connect, options);
    }
    case "websocket": {
      const protocol = chooseWebSocketProtocol(
        req,
        [TUNNEL_PROTOCOL, ...PORT_CHANNEL_PROTOCOLS],
        PORT_CHANNEL_PROTOCOLS[0]!,
      );
      if (protocol !== TUNNEL_PROTOCOL) return acceptPortChannels(req, socket, head, protocol, connect);
      const webSocket = await acceptWebSocket(req, socket, head, protocol);
      return servePairs(new WebSocketDuplex(webSocket), connect, options);
    }
    default:
      throw new GantryError("InvalidArgument", "Upgrade request required", { code: "Http.NotAnUpgrade" });
  }
}

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  cancelTimeout: () => void;
}

/** For each connection the client opens an error and a data stream, which the header `requestid` holds together. */
async function servePairs(
  transport: Duplex,
  connect: ConnectToPort,
  options: PortForwardOptions,
): Promise<void> {
  const { streamTimeoutMs = 30_000, clock = systemClock } = options;
  const pairs = new Map<string, Pair>();
  const abandon = (id: string) => {
    const pair = pairs.get(id);
    pairs.delete(id);
    pair?.error?.end("timed out waiting for streams");
    pair?.data?.destroy();
  };
  const onStream = (stream: SpdyStream) => {
    const type = stream.headers.get("streamtype");
    const port = portOf(stream);
    if ((type !== "data" && type !== "error") || port === undefined) {
      stream.destroy();
      return;
    }
    const id = requestIdOf(stream, type);
    const pair = pairs.get(id) ?? {
      cancelTimeout: clock.after(streamTimeoutMs, () => abandon(id), { unref: true }),
    };
    if (pair[type]) {
      stream.destroy();
      return;
    }
    pair[type] = stream;
    pairs.set(id, pair);
    if (!pair.data || !pair.error) return;
    pair.cancelTimeout();
    pairs.delete(id);
    void forward(pair.data, pair.error, port, connect);
  };
  const connection = new SpdyConnection(transport, { onStream });
  await connection.closed;
  for (const pair of pairs.values()) pair.cancelTimeout();
}

function portOf(stream: SpdyStream): number | undefined {
  const port = Number(stream.headers.get("port"));
  return Number.isInteger(port) && port > 0 && port < 0x10000 ? port : undefined;
}

/** Clients from before the header open the error stream first and the data stream right after it. */
function requestIdOf(stream: SpdyStream, type: "data" | "error"): string {
  const id = stream.headers.get("requestid");
  if (id) return id;
  return `stream ${type === "error" ? stream.streamId : stream.streamId - 2}`;
}

async function forward(
  data: SpdyStream,
  error: SpdyStream,
  port: number,
  connect: ConnectToPort,
): Promise<void> {
  error.resume();
  let target: Duplex;
  try {
    target = await connect(port);
  } catch (failure) {
    error.end(errorMessage(failure));
    data.end();
    data.resume();
    return;
  }
  await joinDuplexes(data, target);
  error.end();
}
