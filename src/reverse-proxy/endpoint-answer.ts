import type { IncomingHttpHeaders } from "node:http";
import type { AnswerSink, BodyReader } from "../http/index.ts";

const EMPTY = Buffer.alloc(0);

/** What an answer comes over. */
export interface AnswerSource {
  pause(): void;
  resume(): void;
  destroy(): void;
  /** The answer has come to its end; the next one may come the same way, unless it is not persistent. */
  release(isPersistent: boolean): void;
}

export interface EndpointAnswerParts {
  status: number;
  headers: IncomingHttpHeaders;
  reader: BodyReader;
  /** What has come of the body with the head. */
  bytes: Buffer;
  isPersistent: boolean;
}

/** An answer of HTTP/1.1 whose head has come. Its body waits until somebody takes it. */
export class EndpointAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #source: AnswerSource;
  readonly #reader: BodyReader;
  readonly #isPersistent: boolean;
  #held: Buffer;
  #sink: AnswerSink | undefined;
  #done: (() => void) | undefined;
  /** Nothing more comes. */
  #isEnded = false;
  /** All of it has been taken. */
  #isWhole = false;
  /** The client takes no more for the moment. */
  #isFull = false;

  constructor(source: AnswerSource, { status, headers, reader, bytes, isPersistent }: EndpointAnswerParts) {
    this.#source = source;
    this.status = status;
    this.headers = headers;
    this.#reader = reader;
    this.#held = bytes;
    this.#isPersistent = isPersistent;
  }

  /** Whether something of the body is there already. */
  get hasBegun(): boolean {
    return this.#held.length > 0 || this.#reader.isOver;
  }

  /**
   * Passes the body on, no faster than the client takes it; resolves when that is over. One that breaks off is cut, so that the
   * client does not take it for whole.
   */
  passTo(sink: AnswerSink): Promise<void> {
    return new Promise((resolve) => {
      if (sink.destroyed) {
        this.drop();
        resolve();
        return;
      }
      this.#sink = sink;
      this.#done = resolve;
      sink.on("close", this.#onClose);
      sink.on("drain", this.#onDrain);
      const held = this.#held;
      this.#held = EMPTY;
      this.#take(held);
      if (this.#isEnded) this.#close();
    });
  }

  /** Nobody wants it. */
  drop(): void {
    if (!this.#isWhole) this.#source.destroy();
  }

  /** More of it has come. */
  read(bytes: Buffer): void {
    if (this.#sink) {
      this.#take(bytes);
      return;
    }
    this.#held = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#source.pause();
  }

  /** Its connection is closed, in peace or not: that ends a body that nothing else ends. */
  close(isClean: boolean): void {
    if (this.#isEnded || this.#isWhole) return;
    this.#isEnded = true;
    this.#isClean = isClean;
    if (this.#sink) this.#close();
  }

  #isClean = false;

  #close(): void {
    if (this.#isWhole) return;
    if (this.#isClean && this.#reader.endsWithConnection) this.#finish(false);
    else this.#sink!.destroy();
  }

  #take(bytes: Buffer): void {
    let rest: Buffer;
    try {
      rest = this.#reader.read(bytes, this.#pass);
    } catch {
      this.#sink!.destroy();
      return;
    }
    if (this.#reader.isOver) {
      // What follows an answer that nobody has asked for would be taken for the next one.
      this.#finish(this.#isPersistent && rest.length === 0);
    } else if (this.#isFull) this.#source.pause();
    else this.#source.resume();
  }

  readonly #pass = (piece: Buffer): void => {
    if (piece.length > 0 && !this.#sink!.write(piece)) this.#isFull = true;
  };

  #finish(isPersistent: boolean): void {
    this.#isWhole = true;
    this.#source.release(isPersistent);
    this.#sink!.end();
  }

  readonly #onDrain = (): void => {
    this.#isFull = false;
    if (!this.#isWhole) this.#source.resume();
  };

  readonly #onClose = (): void => {
    this.drop();
    this.#sink!.off("close", this.#onClose);
    this.#sink!.off("drain", this.#onDrain);
    this.#done!();
  };
}
