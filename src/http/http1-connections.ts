import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock } from "../base/index.ts";
import type { HttpLimits } from "./limits.ts";
import { refuse } from "./refuse.ts";
import type { ServeRequest } from "./request-carrier.ts";

export interface Http1ConnectionsOptions {
  server: Server;
  limits: Required<HttpLimits>;
  serve: ServeRequest;
  /** Takes over the connection. */
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
  isClosing: () => boolean;
}

/** The requests of connections that speak HTTP/1.1: one after the other, each answered before the next. */
export class Http1Connections {
  readonly #options: Http1ConnectionsOptions;
  /** Connections on which an answer has begun and not ended. */
  readonly #answering = new WeakMap<Duplex, ServerResponse>();
  /** Connections on which a request was refused: what Node has already read after it is not served. */
  readonly #refused = new WeakSet<Duplex>();

  constructor(options: Http1ConnectionsOptions) {
    this.#options = options;
    const { server } = options;
    server.on("request", (req, res) => this.#take(req, res));
    server.on("checkContinue", (req, res) => {
      res.writeContinue();
      this.#take(req, res);
    });
    server.on("upgrade", (req: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      if (this.#refused.has(socket)) socket.destroy();
      else void options.upgrade(req, socket, head);
    });
    server.on("clientError", (error: Error, socket: Duplex) => {
      // Into the middle of another answer nothing can be said.
      if (this.#answering.get(socket)?.headersSent) socket.destroy();
      else answerGarbage(error, socket);
    });
  }

  #take(req: IncomingMessage, res: ServerResponse): void {
    // A pipeline over the request's body that breaks takes the socket from the request.
    const { socket } = req;
    if (this.#refused.has(socket)) return;
    res.on("error", () => {});
    res.on("finish", () => this.#afterAnswer(req, socket));
    this.#answering.set(socket, res);
    res.on("close", () => {
      if (this.#answering.get(socket) === res) this.#answering.delete(socket);
    });
    const endAfterAnswer = () => {
      this.#refused.add(socket);
      res.shouldKeepAlive = false;
    };
    void this.#options.serve(req, res, { endAfterAnswer });
  }

  /** A body that nobody wanted is read and dropped for a while, so that the client gets to read the answer. */
  #afterAnswer(req: IncomingMessage, socket: Socket): void {
    const { server, limits, isClosing } = this.#options;
    if (isClosing()) setImmediate(() => server.closeIdleConnections());
    if (req.complete || socket.destroyed) return;
    // Nothing that comes is read any more, so there is no next request either.
    if (req.destroyed) {
      socket.destroySoon();
      return;
    }
    req.resume();
    const cancel = systemClock.after(
      limits.bodyDrainTimeoutMs,
      () => {
        if (!req.complete) socket.destroy();
      },
      { unref: true },
    );
    req.on("close", cancel);
  }
}

/** What is not HTTP, or never becomes a whole request. */
function answerGarbage(error: Error, socket: Duplex): void {
  const { code } = error as { code?: string };
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  if (code === "HPE_HEADER_OVERFLOW") refuse(socket, 431, "431 Request Header Fields Too Large");
  else if (code === "ERR_HTTP_REQUEST_TIMEOUT") refuse(socket, 408, "408 Request Timeout");
  else refuse(socket, 400, "400 Bad Request");
}
