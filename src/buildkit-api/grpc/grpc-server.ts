import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Duplex } from "node:stream";
import { type Clock, errorMessage, type Logger } from "../../base/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { connectionOptions, openWindow } from "./grpc-connection.ts";
import { type GrpcMetadata, headersOf, metadataOf, timeoutOf, trailersOf } from "./grpc-metadata.ts";
import { type AnyMessage, type GrpcMethod, messagesOf, writeMessage } from "./grpc-method.ts";
import { GrpcCode, GrpcError } from "./grpc-status.ts";

export interface ServerCall {
  readonly metadata: GrpcMetadata;
  /** Aborts when the client is gone, has cancelled, or its deadline has passed. */
  readonly signal: AbortSignal;
  /** Before the first answer: what goes along with it. */
  sendMetadata(metadata: GrpcMetadata): void;
}

export interface GrpcHandler {
  path: string;
  serve(stream: ServerHttp2Stream, call: ServerCall): Promise<void>;
}

export function unary<Q extends AnyMessage, A extends AnyMessage>(
  method: GrpcMethod<Q, A>,
  handle: (request: protobuf.Message<Q>, call: ServerCall) => Promise<protobuf.Outgoing<A>>,
): GrpcHandler {
  return serverStream(method, async function* (request, call) {
    yield await handle(request, call);
  });
}

/** One request, many answers. */
export function serverStream<Q extends AnyMessage, A extends AnyMessage>(
  method: GrpcMethod<Q, A>,
  handle: (request: protobuf.Message<Q>, call: ServerCall) => AsyncIterable<protobuf.Outgoing<A>>,
): GrpcHandler {
  return {
    path: method.path,
    async serve(stream, call) {
      const request = await onlyMessage(stream, method.request);
      for await (const answer of handle(request, call)) {
        respond(stream, {});
        await writeMessage(stream, method.response, answer);
      }
    },
  };
}

/** Messages both ways, as a connection has them. */
export function bidirectional<Q extends AnyMessage, A extends AnyMessage>(
  method: GrpcMethod<Q, A>,
  handle: (
    requests: AsyncGenerator<protobuf.Message<Q>>,
    send: (answer: protobuf.Outgoing<A>) => Promise<void>,
    call: ServerCall,
  ) => Promise<void>,
): GrpcHandler {
  return {
    path: method.path,
    async serve(stream, call) {
      respond(stream, {});
      const send = (answer: protobuf.Outgoing<A>) => writeMessage(stream, method.response, answer);
      await handle(messagesOf(stream, method.request), send, call);
    },
  };
}

async function onlyMessage<Q extends AnyMessage>(stream: ServerHttp2Stream, type: Q) {
  for await (const message of messagesOf(stream, type)) return message;
  throw new GrpcError(GrpcCode.INTERNAL, "the call has no request");
}

export interface GrpcServerOptions {
  handlers: readonly GrpcHandler[];
  toGrpcError: (error: unknown) => GrpcError;
  clock: Clock;
  logger: Logger;
}

/** Serves gRPC on connections that are handed to it. */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #handlers: Map<string, GrpcHandler>;
  readonly #services: Set<string>;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.path, handler]));
    this.#services = new Set(options.handlers.map(({ path }) => serviceOf(path)));
  }

  /** The connection is the server's from here on; resolves when it is closed. */
  serve(socket: Duplex): Promise<void> {
    const session = performServerHandshake(socket as never, connectionOptions());
    this.#sessions.add(session);
    openWindow(session);
    session.on("stream", (stream, headers, _flags, rawHeaders) =>
      this.#serveStream(stream, headers, rawHeaders),
    );
    session.on("error", (error) => this.#options.logger.debug("gRPC connection failed", { error }));
    return new Promise((resolve) => {
      session.on("close", () => {
        this.#sessions.delete(session);
        socket.destroy();
        resolve();
      });
    });
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #serveStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    stream.on("error", () => {});
    const refusal = refusalOf(headers);
    if (refusal !== undefined) {
      stream.respond({ ":status": refusal }, { endStream: true });
      return;
    }
    this.#answer(stream, headers, rawHeaders).catch((error) => {
      this.#options.logger.debug("a gRPC answer could not be sent", { error: errorMessage(error) });
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  }

  async #answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): Promise<void> {
    const { clock } = this.#options;
    const path = String(headers[":path"]);
    const gone = new AbortController();
    let timedOut = false;
    const timeoutMs = timeoutOf(headers);
    const cancelTimer =
      timeoutMs === undefined
        ? () => {}
        : clock.after(timeoutMs, () => {
            timedOut = true;
            gone.abort();
          });
    stream.on("close", () => {
      cancelTimer();
      gone.abort();
    });
    let error: GrpcError | undefined;
    try {
      const handler = this.#handlers.get(path);
      if (!handler) throw this.#unknown(path);
      const call = {
        metadata: metadataOf(rawHeaders),
        signal: gone.signal,
        sendMetadata: (metadata: GrpcMetadata) => respond(stream, metadata),
      };
      await handler.serve(stream, call);
    } catch (thrown) {
      error = timedOut
        ? new GrpcError(GrpcCode.DEADLINE_EXCEEDED, "context deadline exceeded")
        : this.#options.toGrpcError(thrown);
    }
    cancelTimer();
    if (stream.destroyed || stream.closed) return;
    respond(stream, {});
    stream.on("wantTrailers", () => stream.sendTrailers(trailersOf(error)));
    // What is still sent is of no interest.
    stream.resume();
    stream.end();
  }

  /** In the words of grpc-go, for clients tell an old server by them. */
  #unknown(path: string): GrpcError {
    const service = serviceOf(path);
    return new GrpcError(
      GrpcCode.UNIMPLEMENTED,
      this.#services.has(service)
        ? `unknown method ${path.slice(service.length + 2)} for service ${service}`
        : `unknown service ${service}`,
    );
  }
}

function respond(stream: ServerHttp2Stream, metadata: GrpcMetadata): void {
  if (stream.headersSent || stream.destroyed) return;
  const headers = { ":status": 200, "content-type": "application/grpc", ...headersOf(metadata) };
  stream.respond(headers, { waitForTrailers: true });
}

function refusalOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[":method"] !== "POST") return constants.HTTP_STATUS_METHOD_NOT_ALLOWED;
  const isGrpc = /^application\/grpc(?:\+proto)?(?:;|$)/.test(String(headers["content-type"] ?? ""));
  return isGrpc ? undefined : constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE;
}

function serviceOf(path: string): string {
  return path.slice(1, Math.max(1, path.lastIndexOf("/")));
}
