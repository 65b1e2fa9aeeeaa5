import type { Duplex } from "node:stream";
import {
  ControlType,
  controlFrame,
  dataFrameHeader,
  FLAG_FIN,
  goAwayFrame,
  RST_CANCEL,
  RST_INVALID_STREAM,
  RST_PROTOCOL_ERROR,
  RST_REFUSED_STREAM,
  rstStreamFrame,
  type SpdyFrame,
  SpdyFrameReader,
} from "./spdy-frames.ts";
import {
  decodeHeaders,
  encodeHeaders,
  HeaderDeflater,
  HeaderInflater,
  type SpdyHeaders,
} from "./spdy-headers.ts";
import { SpdyStream, type SpdyStreamSink } from "./spdy-stream.ts";

export interface SpdyConnectionOptions {
  /** Called for each stream that the client opens. */
  onStream: (stream: SpdyStream) => void;
  maxStreams?: number;
}

/** Largest data frame that is sent. */
const MAX_DATA_BYTES = 64 * 1024;
const STREAM_ID_MASK = 0x7fffffff;
const NO_HEADERS: SpdyHeaders = new Map();

/**
 * The server's end of SPDY/3.1 as Kubernetes' clients speak it (moby/spdystream): the client opens all streams, and neither
 * side keeps flow-control windows, so that the connection's own back-pressure is all there is.
 */
export class SpdyConnection implements SpdyStreamSink {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #options: SpdyConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #reader = new SpdyFrameReader();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  #lastStreamId = 0;

  constructor(transport: Duplex, options: SpdyConnectionOptions) {
    this.#transport = transport;
    this.#options = options;
    transport.on("error", () => {});
    this.closed = this.#run();
  }

  /** Says good-bye and ends the connection once everything written has been sent. */
  close(): void {
    if (this.#transport.writable) this.#transport.end(goAwayFrame(this.#lastStreamId));
  }

  destroy(): void {
    this.#transport.destroy();
  }

  sendData(streamId: number, chunk: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (!this.#transport.writable) {
      done(new Error("the SPDY connection is closed"));
      return;
    }
    this.#transport.cork();
    let start = 0;
    do {
      const piece = chunk.subarray(start, start + MAX_DATA_BYTES);
      start += piece.length;
      const last = start === chunk.length;
      this.#transport.write(
        dataFrameHeader(streamId, piece.length, fin && last),
        last && piece.length === 0 ? done : undefined,
      );
      if (piece.length > 0) this.#transport.write(piece, last ? done : undefined);
    } while (start < chunk.length);
    this.#transport.uncork();
  }

  sendReset(streamId: number): void {
    this.#send(rstStreamFrame(streamId, RST_CANCEL));
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId);
  }

  #send(frame: Buffer): void {
    if (this.#transport.writable) this.#transport.write(frame);
  }

  async #run(): Promise<void> {
    try {
      for await (const chunk of this.#transport as AsyncIterable<Buffer>) {
        for (const frame of this.#reader.read(chunk)) await this.#handle(frame);
      }
    } catch {
      // A reset connection and a malformed frame end the same way.
      this.#transport.destroy();
    } finally {
      this.#inflater.close();
      for (const stream of [...this.#streams.values()]) stream.receiveReset();
      // The client's end leaves our half open.
      this.#transport.end();
    }
  }

  async #handle(frame: SpdyFrame): Promise<void> {
    if (frame.kind === "data") {
      const stream = this.#streams.get(frame.streamId);
      if (stream) await stream.receive(frame.chunk, frame.fin);
      else if (frame.streamId > this.#lastStreamId)
        this.#send(rstStreamFrame(frame.streamId, RST_INVALID_STREAM));
      return;
    }
    const { type, body, flags } = frame;
    switch (type) {
      case ControlType.synStream:
        return this.#openStream(body, flags);
      case ControlType.headers:
        // Nobody sends them, but they are part of the one compressed stream.
        await this.#inflater.inflate(body.subarray(4));
        return;
      case ControlType.rstStream:
        this.#streams.get(streamIdOf(body))?.receiveReset();
        return;
      case ControlType.ping:
        // Ids of the client's pings are odd; others would be answers to ours.
        if (body.readUInt32BE(0) % 2 === 1) this.#send(controlFrame(ControlType.ping, body));
        return;
      default:
        // SETTINGS, GOAWAY and WINDOW_UPDATE ask nothing of us.
        return;
    }
  }

  async #openStream(body: Buffer, flags: number): Promise<void> {
    const streamId = streamIdOf(body);
    const headers = decodeHeaders(await this.#inflater.inflate(body.subarray(10)));
    if (streamId % 2 === 0 || streamId <= this.#lastStreamId) {
      this.#send(rstStreamFrame(streamId, RST_PROTOCOL_ERROR));
      return;
    }
    this.#lastStreamId = streamId;
    if (this.#streams.size >= (this.#options.maxStreams ?? 1000)) {
      this.#send(rstStreamFrame(streamId, RST_REFUSED_STREAM));
      return;
    }
    const stream = new SpdyStream(streamId, headers, this);
    stream.on("error", () => {});
    this.#streams.set(streamId, stream);
    this.#sendReply(streamId);
    if ((flags & FLAG_FIN) !== 0) stream.receiveEnd();
    this.#options.onStream(stream);
  }

  #sendReply(streamId: number): void {
    const id = Buffer.alloc(4);
    id.writeUInt32BE(streamId);
    const block = this.#deflater.deflate(encodeHeaders(NO_HEADERS));
    this.#send(controlFrame(ControlType.synReply, Buffer.concat([id, block])));
  }
}

function streamIdOf(body: Buffer): number {
  return body.readUInt32BE(0) & STREAM_ID_MASK;
}
