import { createServer, type Server, type Socket } from "node:net";
import { type Clock, errnoCode, errorMessage, GantryError } from "../base/index.ts";
import { connectToEndpoint } from "./connect-to-endpoint.ts";
import type { EndpointPool } from "./endpoint-pool.ts";
import { pickBackend } from "./pick-backend.ts";
import type { RouteLookup } from "./route-lookup.ts";
import { readGreeting } from "./server-names.ts";

const GREETING_MS = 10_000;
/** So long running connections have to end. */
const CLOSE_MS = 10_000;

export interface TlsFrontOptions {
  listen: { port: number; host?: string; isShared?: boolean };
  /** The hosts whose connections go on as they come. */
  lookup(): RouteLookup;
  pool(backend: string): EndpointPool | undefined;
  /** Takes the connections for all other names, if there is somebody. */
  others: ((socket: Socket) => void) | undefined;
  clock: Clock;
}

/** Passes TLS connections on unopened, by the name that the client asks for. */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: TlsFrontOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#take(socket));
  }

  async listen(): Promise<void> {
    const { port, host = "0.0.0.0", isShared = false } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => reject(cannotListen(port, error)));
      this.#server.listen({ port, host, reusePort: isShared }, resolve);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const cancel = this.#options.clock.after(CLOSE_MS, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await closed;
    cancel();
  }

  #take(socket: Socket): void {
    let seen = Buffer.alloc(0);
    const cancel = this.#options.clock.after(GREETING_MS, () => socket.destroy(), { unref: true });
    const done = () => {
      cancel();
      socket.off("data", onData).pause();
      socket.unshift(seen);
    };
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const greeting = readGreeting(seen);
      if (greeting.kind === "more") return;
      done();
      if (greeting.kind === "tls") void this.#route(socket, greeting.name ?? "");
      else this.#giveAway(socket);
    };
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      cancel();
      this.#sockets.delete(socket);
    });
    socket.on("data", onData);
  }

  async #route(socket: Socket, name: string): Promise<void> {
    const { lookup, pool, clock } = this.#options;
    const host = lookup().host(name);
    if (!host) {
      this.#giveAway(socket);
      return;
    }
    const chosen = pickBackend(host.rules[0]?.backends ?? []);
    const backend = chosen && pool(chosen.backend);
    const connection = backend && (await connectToEndpoint(backend, clock, { raw: true }));
    if (!connection || socket.destroyed) {
      socket.destroy();
      connection?.socket.destroy();
      return;
    }
    const { endpoint, socket: behind } = connection;
    endpoint.inFlight++;
    behind.on("error", () => behind.destroy());
    behind.on("close", () => {
      endpoint.inFlight--;
      socket.destroy();
    });
    socket.on("close", () => behind.destroy());
    socket.pipe(behind).pipe(socket);
  }

  #giveAway(socket: Socket): void {
    const { others } = this.#options;
    if (!others) {
      socket.destroy();
      return;
    }
    others(socket);
  }
}

function cannotListen(port: number, error: Error): GantryError {
  const taken = errnoCode(error) === "EADDRINUSE";
  return new GantryError(
    taken ? "Conflict" : "Unavailable",
    `cannot listen on port ${port}: ${taken ? "the address is already in use" : errorMessage(error)}`,
    { code: taken ? "Http.AddressInUse" : "Http.CannotListen", cause: error },
  );
}
