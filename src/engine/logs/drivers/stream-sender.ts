import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { type Clock, GantryError } from "../../../base/index.ts";

export interface StreamTarget {
  /** As errors call it: `tcp`, `unix`. */
  network: string;
  path?: string;
  host?: string;
  port?: number;
  tls?: ConnectionOptions;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection that is made anew with the next write when it is lost. */
export class StreamSender {
  readonly #target: StreamTarget;
  readonly #clock: Clock;
  readonly #onData: (chunk: Buffer) => void;
  #socket: Socket | undefined;

  constructor(target: StreamTarget, clock: Clock, onData: (chunk: Buffer) => void = () => {}) {
    this.#target = target;
    this.#clock = clock;
    this.#onData = onData;
  }

  async connect(): Promise<Socket> {
    if (this.#socket?.writable) return this.#socket;
    this.#socket = await this.#open();
    return this.#socket;
  }

  /** Resolves when the kernel has taken the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    const socket = await this.connect();
    await new Promise<void>((resolve, reject) => {
      const onClose = () =>
        reject(new GantryError("Unavailable", "the connection was closed", { code: "Engine.LogSend" }));
      socket.once("close", onClose);
      socket.write(bytes, (error) => {
        socket.off("close", onClose);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** What was written is still delivered. */
  close(): void {
    this.#socket?.end();
    const socket = this.#socket;
    if (socket) this.#clock.after(CONNECT_TIMEOUT_MS, () => socket.destroy(), { unref: true });
    this.#socket = undefined;
  }

  #open(): Promise<Socket> {
    const { host, port, path, tls } = this.#target;
    const where = path === undefined ? { host: host!, port: port! } : { path };
    const isIp = host === undefined || /^[\d.]+$|:/.test(host);
    const socket = tls
      ? connectTls({ ...where, ...(isIp ? {} : { servername: host }), ...tls })
      : connect(where);
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(CONNECT_TIMEOUT_MS, () =>
        socket.destroy(this.#failure("i/o timeout")),
      );
      socket.once("close", () => cancel());
      socket.once("error", (error: NodeJS.ErrnoException) => reject(this.#failure(reasonOf(error), error)));
      socket.once(tls ? "secureConnect" : "connect", () => {
        cancel();
        resolve(socket);
      });
      // A later error closes the socket, which the next write sees.
      socket.on("error", () => {});
      // Read, or the end of the receiver would go unnoticed.
      socket.on("data", this.#onData);
      socket.on("end", () => socket.destroy());
      socket.unref();
    });
  }

  #failure(reason: string, cause?: unknown): GantryError {
    const { network, host, port, path } = this.#target;
    const address = path ?? (host?.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
    return new GantryError("Unavailable", `dial ${network} ${address}: ${reason}`, {
      code: "Engine.LogConnect",
      cause,
    });
  }
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "connect: connection refused",
  ENOENT: "connect: no such file or directory",
  EACCES: "connect: permission denied",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "connect: connection timed out",
  EPROTOTYPE: "connect: protocol wrong type for socket",
  ENOTFOUND: "no such host",
};

const reasonOf = (error: NodeJS.ErrnoException) => REASONS[error.code ?? ""] ?? error.message;
