import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Duplex } from "node:stream";
import { type Clock, errorMessage } from "../../base/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { connectionOptions, openWindow } from "./grpc-connection.ts";
import { errorOf, type GrpcMetadata, headersOf } from "./grpc-metadata.ts";
import { type AnyMessage, type GrpcMethod, messagesOf, writeMessage } from "./grpc-method.ts";
import { GrpcCode, GrpcError } from "./grpc-status.ts";

export interface CallOptions {
  metadata?: GrpcMetadata;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

/** A call whose messages go both ways. */
export interface ClientCall<Q extends AnyMessage, A extends AnyMessage> {
  /** Resolves when there is room for the next one. */
  send(message: protobuf.Outgoing<Q>): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
  /** Ends when the call has ended well; throws GrpcError when it has not. To be iterated once. */
  messages(): AsyncGenerator<protobuf.Message<A>>;
  cancel(): void;
}

/** Calls over one connection, on whose other end a server is. */
export class GrpcClient {
  readonly #session: ClientHttp2Session;
  readonly #clock: Clock;
  readonly #closed = new AbortController();

  constructor(socket: Duplex, clock: Clock) {
    this.#clock = clock;
    this.#session = connect("http://localhost", { ...connectionOptions(), createConnection: () => socket });
    openWindow(this.#session);
    this.#session.on("error", () => {});
    this.#session.on("goaway", () => this.close());
    this.#session.on("close", () => {
      this.#closed.abort();
      socket.destroy();
    });
  }

  /** Aborts when the connection is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  close(): void {
    this.#session.destroy();
  }

  async unary<Q extends AnyMessage, A extends AnyMessage>(
    method: GrpcMethod<Q, A>,
    request: protobuf.Outgoing<Q>,
    options: CallOptions = {},
  ): Promise<protobuf.Message<A>> {
    const call = this.call(method, options);
    // Where sending fails, the answers tell why.
    call.send(request).catch(() => {});
    call.end();
    let answer: protobuf.Message<A> | undefined;
    for await (const message of call.messages()) answer ??= message;
    if (answer === undefined) throw new GrpcError(GrpcCode.INTERNAL, "the call has no answer");
    return answer;
  }

  call<Q extends AnyMessage, A extends AnyMessage>(
    method: GrpcMethod<Q, A>,
    { metadata = {}, signal, timeoutMs }: CallOptions = {},
  ): ClientCall<Q, A> {
    if (this.#session.destroyed || this.#session.closed) throw connectionGone();
    const stream = this.#session.request({
      ":method": "POST",
      ":path": method.path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headersOf(metadata),
    });
    const outcome = new CallOutcome(stream);
    const onAbort = () => outcome.fail(new GrpcError(GrpcCode.CANCELLED, "context canceled"));
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    const cancelTimer =
      timeoutMs === undefined
        ? () => {}
        : this.#clock.after(timeoutMs, () =>
            outcome.fail(new GrpcError(GrpcCode.DEADLINE_EXCEEDED, "context deadline exceeded")),
          );
    stream.on("close", () => {
      cancelTimer();
      signal?.removeEventListener("abort", onAbort);
    });
    return {
      send: (message) => writeMessage(stream, method.request, message),
      end: () => stream.end(),
      messages: () => outcome.messages(method.response),
      cancel: () => outcome.fail(new GrpcError(GrpcCode.CANCELLED, "context canceled")),
    };
  }
}

/** How a call ends: by its trailers, by a reset, or because it was given up here. */
class CallOutcome {
  readonly #stream: ClientHttp2Stream;
  #error: GrpcError | undefined;
  #isTold = false;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on("response", (headers) => {
      // "Trailers-Only": the answer is its own end.
      if (headers["grpc-status"] !== undefined) this.#tell(errorOf(headers));
      else if (headers[":status"] !== 200)
        this.fail(new GrpcError(GrpcCode.UNKNOWN, `unexpected HTTP status ${headers[":status"]}`));
    });
    stream.on("trailers", (trailers) => this.#tell(errorOf(trailers)));
    stream.on("error", (error) => this.#tell(new GrpcError(GrpcCode.UNAVAILABLE, errorMessage(error))));
  }

  fail(error: GrpcError): void {
    this.#tell(error);
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#stream.destroy();
  }

  async *messages<A extends AnyMessage>(type: A): AsyncGenerator<protobuf.Message<A>> {
    let isRead = false;
    try {
      yield* messagesOf(this.#stream, type);
      isRead = true;
    } catch (error) {
      if (!this.#isTold) this.#tell(error instanceof GrpcError ? error : connectionGone());
    } finally {
      if (!isRead) this.#stream.close(constants.NGHTTP2_CANCEL);
    }
    // The last message may come before the trailers.
    await this.#told();
    if (this.#error) throw this.#error;
  }

  #told(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        if (!this.#isTold && !this.#stream.destroyed) return;
        this.#tell(connectionGone());
        resolve();
      };
      this.#stream.on("trailers", done).on("close", done);
      done();
    });
  }

  #tell(error: GrpcError | undefined): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#error = error;
  }
}

function connectionGone(): GrpcError {
  return new GrpcError(GrpcCode.UNAVAILABLE, "the client's session is gone");
}
