import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, errnoCode, errorMessage, GantryError, type Logger, systemClock } from "../base/index.ts";
import {
  bareResponse,
  DNS_HEADER_BYTES,
  type DnsAnswer,
  DnsCode,
  DnsFlag,
  type DnsMessage,
  decodeDns,
  encodeAnswer,
  udpLimitOf,
} from "./dns-message.ts";

export interface DnsRequest {
  message: DnsMessage;
  /** As received: what is passed on to other servers. */
  bytes: Buffer;
  clientAddress: string;
  transport: "udp" | "tcp";
}

/** Records to answer with, or the bytes of another server's response (whose id is set to the query's). */
export type DnsReply = DnsAnswer | Buffer;

export interface DnsListenerOptions {
  address: string;
  /** 53 if absent; 0 for any. */
  port?: number;
  answer(request: DnsRequest): Promise<DnsReply> | DnsReply;
  logger: Logger;
  clock?: Clock;
  /** Questions being answered at once; more are refused with SERVFAIL. */
  maxPending?: number;
  maxConnections?: number;
  idleTimeoutMs?: number;
}

/** Receives questions over UDP and TCP (RFC 1035, RFC 7766) and sends the answers; whatever arrives, it goes on. */
export class DnsListener {
  readonly #options: DnsListenerOptions;
  readonly #clock: Clock;
  readonly #connections = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #pending = 0;
  #port = 0;

  constructor(options: DnsListenerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get port(): number {
    return this.#port;
  }

  /** Conflict when the port is taken. */
  async open(): Promise<void> {
    try {
      this.#port = await this.#openTcp(this.#options.port ?? 53);
      await this.#openUdp(this.#port);
    } catch (error) {
      await this.close();
      throw new GantryError(
        errnoCode(error) === "EADDRINUSE" ? "Conflict" : "Unavailable",
        `the name server cannot listen on ${this.#options.address}: ${errorMessage(error)}`,
        { code: "Network.DnsListen", cause: error },
      );
    }
  }

  async close(): Promise<void> {
    const udp = this.#udp;
    const tcp = this.#tcp;
    this.#udp = undefined;
    this.#tcp = undefined;
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      udp && new Promise<void>((resolve) => udp.close(resolve)),
      tcp && new Promise<void>((resolve) => tcp.close(() => resolve())),
    ]);
  }

  #openTcp(port: number): Promise<number> {
    const server = createServer((socket) => this.#serveConnection(socket));
    server.maxConnections = this.#options.maxConnections ?? 200;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, this.#options.address, () => {
        server.removeAllListeners("error");
        server.on("error", (error) =>
          this.#options.logger.warn("name server socket", { error: error.message }),
        );
        this.#tcp = server;
        resolve((server.address() as { port: number }).port);
      });
    });
  }

  #openUdp(port: number): Promise<void> {
    const socket = createSocket({ type: "udp4" });
    socket.on("message", (bytes, from) => void this.#serveDatagram(socket, bytes, from));
    return new Promise((resolve, reject) => {
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ port, address: this.#options.address }, () => {
        socket.removeAllListeners("error");
        socket.on("error", (error) =>
          this.#options.logger.warn("name server socket", { error: error.message }),
        );
        this.#udp = socket;
        resolve();
      });
    });
  }

  async #serveDatagram(socket: UdpSocket, bytes: Buffer, from: RemoteInfo): Promise<void> {
    const response = await this.#respond(bytes, from.address, "udp");
    // RFC 6335 §6: port 0 is reserved; nobody can be answered there.
    if (!response || this.#udp !== socket || from.port === 0) return;
    socket.send(response, from.port, from.address, () => {});
  }

  #serveConnection(socket: Socket): void {
    this.#connections.add(socket);
    const idleMs = this.#options.idleTimeoutMs ?? 10_000;
    let cancelIdle = this.#clock.after(idleMs, () => socket.destroy(), { unref: true });
    const touch = () => {
      cancelIdle();
      cancelIdle = this.#clock.after(idleMs, () => socket.destroy(), { unref: true });
    };
    socket.on("close", () => {
      cancelIdle();
      this.#connections.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    const client = socket.remoteAddress ?? "";
    let received: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      touch();
      received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk;
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        void this.#serveMessage(socket, Buffer.from(received.subarray(2, end)), client);
        received = received.subarray(end);
      }
    });
  }

  async #serveMessage(socket: Socket, bytes: Buffer, client: string): Promise<void> {
    const response = await this.#respond(bytes, client, "tcp");
    if (!response) {
      socket.destroy();
      return;
    }
    if (socket.destroyed) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(response.length);
    if (socket.write(Buffer.concat([length, response])) || socket.isPaused()) return;
    // Who does not read its answers is asked nothing more, and is idle then.
    socket.pause();
    socket.once("drain", () => socket.resume());
  }

  /** Undefined for what deserves no answer. */
  async #respond(
    bytes: Buffer,
    clientAddress: string,
    transport: "udp" | "tcp",
  ): Promise<Buffer | undefined> {
    if (bytes.length < DNS_HEADER_BYTES) return undefined;
    const isResponse = (bytes.readUInt16BE(2) & 0x8000) !== 0;
    // Answering responses would let two servers be set upon each other.
    if (isResponse) return undefined;
    if ((bytes.readUInt16BE(2) & 0x7800) !== 0) return bareResponse(bytes, DnsCode.NOTIMP);
    const message = readQuery(bytes);
    if (!message) return bareResponse(bytes, DnsCode.FORMERR);
    if (this.#pending >= (this.#options.maxPending ?? 2000)) return bareResponse(bytes, DnsCode.SERVFAIL);
    this.#pending++;
    try {
      const reply = await this.#options.answer({ message, bytes, clientAddress, transport });
      return fitted(message, reply, transport);
    } catch (error) {
      this.#options.logger.warn("a question could not be answered", { error: errorMessage(error) });
      return bareResponse(bytes, DnsCode.SERVFAIL);
    } finally {
      this.#pending--;
    }
  }
}

function readQuery(bytes: Buffer): DnsMessage | undefined {
  try {
    const message = decodeDns(bytes);
    return message.questions?.length === 1 ? message : undefined;
  } catch {
    return undefined;
  }
}

/** The reply's bytes; what is too long for UDP is cut and marked, and the asker comes by TCP. */
function fitted(query: DnsMessage, reply: DnsReply, transport: "udp" | "tcp"): Buffer {
  const limit = transport === "udp" ? udpLimitOf(query) : 65535;
  if (!Buffer.isBuffer(reply)) return encodeAnswer(query, reply, limit);
  if (reply.length <= limit) return withId(reply, query.id ?? 0);
  const short = encodeAnswer(query, { code: (reply.readUInt16BE(2) & 0xf) as DnsCode });
  short.writeUInt16BE(short.readUInt16BE(2) | DnsFlag.TRUNCATED, 2);
  return short;
}

function withId(response: Buffer, id: number): Buffer {
  const copy = Buffer.from(response);
  copy.writeUInt16BE(id, 0);
  return copy;
}
