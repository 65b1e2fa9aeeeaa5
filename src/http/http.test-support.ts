import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect } from "vitest";
import { giveToOwner, silentLogger } from "../base/index.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "./server.ts";

/** Servers on a port of their own, and bare connections to them; all are closed after each test. */
export function useServers() {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  return {
    closeLater: (one: { close(): unknown }) => void open.push(one),
    async start(
      options: Partial<HttpServerOptions> & Pick<HttpServerOptions, "handler">,
    ): Promise<HttpServer> {
      const server = await startHttpServer({
        listen: { host: "127.0.0.1", port: 0 },
        logger: silentLogger,
        ...options,
      });
      open.push(server);
      return server;
    },
    async client(server: HttpServer): Promise<RawClient> {
      const one = await RawClient.connect(server);
      open.push(one);
      return one;
    },
  };
}

/** Errors that nothing caught and that are nobody's; a test takes out those that it wants, and no others may be left. */
export function useNobodys(): unknown[] {
  const kept = new Map<string, NodeJS.UncaughtExceptionListener[]>();
  const nobodys: unknown[] = [];
  beforeEach(() => {
    for (const event of ["uncaughtException", "unhandledRejection"]) {
      kept.set(event, process.listeners(event as "uncaughtException"));
      process.removeAllListeners(event);
      process.on(event, (error: unknown) => {
        if (!giveToOwner(error)) nobodys.push(error);
      });
    }
  });
  afterEach(() => {
    for (const [event, listeners] of kept) {
      process.removeAllListeners(event);
      for (const listener of listeners) process.on(event, listener);
    }
    expect(nobodys.splice(0)).toEqual([]);
  });
  return nobodys;
}

/** A connection on which a test says byte by byte what a client would. */
export class RawClient {
  readonly socket: Socket;
  received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
    });
    socket.on("error", () => {});
  }

  static async connect(server: HttpServer): Promise<RawClient> {
    const address = server.address();
    const socket = "socketPath" in address ? connect(address.socketPath) : connect(address.port, "127.0.0.1");
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  /** All that the server sent until it closed the connection. */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once("close", resolve));
    return this.received;
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.socket.closed) throw new Error(`closed before ${pattern}: ${this.received}`);
      await new Promise((resolve) => this.socket.once("data", resolve).once("close", resolve));
    }
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }
}

export const portOf = (server: HttpServer): number => (server.address() as { port: number }).port;
