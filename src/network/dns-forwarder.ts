import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { type Clock, GantryError, systemClock } from "../base/index.ts";
import type { DnsRequest } from "./dns-listener.ts";
import { DNS_HEADER_BYTES } from "./dns-message.ts";
import { hostResolvConf } from "./resolv-conf.ts";

export interface DnsForwarderOptions {
  /** The host's own servers if absent. */
  servers?: () => readonly string[];
  clock?: Clock;
  /** How long one server may take. */
  timeoutMs?: number;
  /** Rounds through all servers. */
  attempts?: number;
}

/** How long what /etc/resolv.conf says is believed. */
const RESOLV_CONF_AGE_MS = 5000;
/** resolv.conf(5): at most three servers count. */
const MAX_SERVERS = 3;

/** Passes questions on to other name servers: each over a socket, port and id of its own, so that answers are hard to forge. */
export class DnsForwarder {
  readonly #options: DnsForwarderOptions;
  readonly #clock: Clock;
  #hostServers: { servers: readonly string[]; readAtMs: number } | undefined;

  constructor(options: DnsForwarderOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The response's bytes, from the first server that answers. Unavailable when none does. */
  async forward(request: DnsRequest, servers: readonly string[] = this.#servers()): Promise<Buffer> {
    const attempts = this.#options.attempts ?? 2;
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of servers.slice(0, MAX_SERVERS)) {
        const response = await this.#ask(request, server);
        if (response) return response;
      }
    }
    throw new GantryError("Unavailable", "no name server answered", {
      code: "Network.DnsUpstream",
      details: { servers },
    });
  }

  #servers(): readonly string[] {
    if (this.#options.servers) return this.#options.servers();
    const now = this.#clock.monotonicMs();
    if (!this.#hostServers || now - this.#hostServers.readAtMs > RESOLV_CONF_AGE_MS) {
      this.#hostServers = { servers: hostResolvConf().nameservers, readAtMs: now };
    }
    return this.#hostServers.servers;
  }

  #ask(request: DnsRequest, server: string): Promise<Buffer | undefined> {
    const query = Buffer.from(request.bytes);
    query.writeUInt16BE(randomInt(0x10000), 0);
    const timeoutMs = this.#options.timeoutMs ?? 2000;
    return request.transport === "tcp"
      ? askByTcp(query, server, timeoutMs, this.#clock)
      : askByUdp(query, server, timeoutMs, this.#clock);
  }
}

function askByUdp(
  query: Buffer,
  address: string,
  timeoutMs: number,
  clock: Clock,
): Promise<Buffer | undefined> {
  const { host, port } = splitServer(address);
  return new Promise((resolve) => {
    const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4" });
    let done = false;
    const finish = (response: Buffer | undefined) => {
      if (done) return;
      done = true;
      cancel();
      socket.close();
      resolve(response);
    };
    const cancel = clock.after(timeoutMs, () => finish(undefined));
    // A connected socket receives from that server only, and hears at once when nobody listens there.
    socket.on("error", () => finish(undefined));
    socket.on("message", (bytes) => {
      if (isResponseTo(bytes, query)) finish(bytes);
    });
    // Without a way to the server it is this callback that hears of it, and not the listener above.
    socket.connect(port, host, (error?: Error) => {
      if (error) finish(undefined);
      else if (!done) socket.send(query);
    });
  });
}

function askByTcp(
  query: Buffer,
  address: string,
  timeoutMs: number,
  clock: Clock,
): Promise<Buffer | undefined> {
  const { host, port } = splitServer(address);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (response: Buffer | undefined) => {
      cancel();
      socket.destroy();
      resolve(response);
    };
    const cancel = clock.after(timeoutMs, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("end", () => finish(undefined));
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    let received: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const response = received.subarray(2, 2 + received.readUInt16BE(0));
      finish(isResponseTo(response, query) ? response : undefined);
    });
  });
}

/** `10.0.0.1`, or `10.0.0.1#5353` for another port than 53. */
function splitServer(address: string): { host: string; port: number } {
  const [host, port] = address.split("#");
  return { host: host!, port: port ? Number(port) : 53 };
}

/** Same id, marked as response, and about the same question. */
function isResponseTo(response: Buffer, query: Buffer): boolean {
  if (response.length < DNS_HEADER_BYTES || response.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  if ((response.readUInt16BE(2) & 0x8000) === 0) return false;
  const asked = questionOf(query);
  const answered = questionOf(response);
  // Some servers leave the question out of error responses.
  return answered === "" || answered === asked;
}

function questionOf(message: Buffer): string {
  if (message.readUInt16BE(4) === 0) return "";
  let offset = DNS_HEADER_BYTES;
  while (offset < message.length && message[offset] !== 0) offset += 1 + message[offset]!;
  return message.toString("latin1", DNS_HEADER_BYTES, offset + 5).toLowerCase();
}
