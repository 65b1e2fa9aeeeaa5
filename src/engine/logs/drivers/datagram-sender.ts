import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Clock, GantryError } from "../../../base/index.ts";
import { connectDatagrams, hasErrno, type UnixDatagrams } from "../../../kernel/index.ts";

/** Datagrams over UDP: whether anybody hears them is not known. */
export async function openUdp(
  host: string,
  port: number,
): Promise<{ send(bytes: Uint8Array): Promise<void>; close(): void }> {
  const address = isIP(host) ? host : await resolve(host, port);
  const socket: Socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
  socket.on("error", () => {});
  socket.unref();
  return {
    // ECONNREFUSED tells of an earlier datagram that nobody was there for: those are lost with UDP.
    send: (bytes) => new Promise((resolve) => socket.send(bytes, port, address, () => resolve())),
    close: () => socket.close(),
  };
}

async function resolve(host: string, port: number): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new GantryError("Unavailable", `dial udp: lookup ${host}: no such host`, {
      code: "Engine.LogConnect",
      details: { port },
      cause: error,
    });
  }
}

const FULL_RETRY_MS = 5;

/** Datagrams to a Unix socket, whose receiver may be slow, or be started anew. */
export class UnixDatagramSender {
  readonly #path: string;
  readonly #clock: Clock;
  #connection: UnixDatagrams | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  connect(): void {
    this.#connection ??= connectDatagrams(this.#path);
  }

  async send(datagram: Uint8Array): Promise<void> {
    this.connect();
    try {
      while (!this.#connection!.send(datagram)) await this.#clock.sleep(FULL_RETRY_MS);
    } catch (error) {
      this.close();
      // Whatever is too long for the receiver will not become shorter.
      if (!hasErrno(error, "EMSGSIZE")) throw error;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
