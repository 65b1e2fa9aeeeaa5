import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { errorMessage, GantryError } from "../../base/index.ts";
import { joinDuplexes } from "./join-duplexes.ts";
import type { ConnectToPort } from "./port-forward.ts";
import { acceptWebSocket } from "./upgrade-protocols.ts";
import { bytesOf } from "./websocket-duplex.ts";

/** The first forms of port-forward over WebSocket, which the Python and JavaScript clients speak. */
export const PORT_CHANNEL_PROTOCOLS = ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"];

/**
 * `?ports=80&ports=443`: two channels a port, one for data and one for an error, each opened by the server with the port's number
 * in two bytes, the low one first. One connection a port.
 */
export async function acceptPortChannels(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
  connect: ConnectToPort,
): Promise<void> {
  const ports = portsOf(req);
  const webSocket = await acceptWebSocket(req, socket, head, protocol);
  const isBase64 = protocol.includes("base64");
  const channels = ports.map((port, index) => new PortChannel({ webSocket, isBase64, port, index }));
  webSocket.on("message", (data: RawData) => {
    const message = bytesOf(data);
    const channel = isBase64 ? message[0]! - 0x30 : message[0]!;
    const bytes = isBase64 ? Buffer.from(message.toString("latin1", 1), "base64") : message.subarray(1);
    if (channel % 2 === 0) channels[channel / 2]?.receive(bytes);
  });
  const closed = new Promise<void>((resolve) => webSocket.on("close", () => resolve()));
  void closed.then(() => {
    for (const channel of channels) channel.destroy();
  });
  await Promise.all(channels.map((channel) => channel.serve(connect)));
  webSocket.close(1000);
  await closed;
}

function portsOf(req: IncomingMessage): number[] {
  const query = new URL(req.url!, "http://local").searchParams;
  const ports = query.getAll("ports").flatMap((list) => list.split(",").map(Number));
  if (ports.length > 0 && ports.every((port) => Number.isInteger(port) && port > 0 && port < 0x10000))
    return ports;
  throw new GantryError("InvalidArgument", 'query parameter "ports" must name at least one port', {
    code: "Http.BadPorts",
  });
}

interface PortChannelOptions {
  webSocket: WebSocket;
  isBase64: boolean;
  port: number;
  index: number;
}

class PortChannel extends Duplex {
  readonly #options: PortChannelOptions;

  constructor(options: PortChannelOptions) {
    super({ allowHalfOpen: false });
    this.#options = options;
    this.on("error", () => {});
    const port = Buffer.alloc(2);
    port.writeUInt16LE(options.port);
    this.#send(0, port);
    this.#send(1, port);
  }

  receive(bytes: Buffer): void {
    if (!this.destroyed && bytes.length > 0 && !this.push(bytes)) this.#options.webSocket.pause();
  }

  async serve(connect: ConnectToPort): Promise<void> {
    try {
      await joinDuplexes(this, await connect(this.#options.port));
    } catch (error) {
      this.#send(1, Buffer.from(errorMessage(error)));
    }
  }

  override _read(): void {
    this.#options.webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(0, chunk, done);
  }

  #send(offset: number, bytes: Buffer, done: (error?: Error | null) => void = () => {}): void {
    const { webSocket, isBase64, index } = this.#options;
    const channel = index * 2 + offset;
    if (isBase64) webSocket.send(`${channel}${bytes.toString("base64")}`, done);
    else webSocket.send(Buffer.concat([Buffer.from([channel]), bytes]), done);
  }
}
