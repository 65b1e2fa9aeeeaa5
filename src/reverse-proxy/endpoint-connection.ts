import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { errorMessage } from "../base/index.ts";
import {
  type AnswerHead,
  BodyReader,
  END_OF_HEAD,
  framingOf,
  NO_BODY,
  readAnswerHead,
} from "../http/index.ts";
import { type AnswerSource, EndpointAnswer } from "./endpoint-answer.ts";

/** As node:http's client. */
const MAX_HEAD_BYTES = 16 * 1024;
const EMPTY = Buffer.alloc(0);

/** What a request hears of its answer; exactly one of both is called. */
export interface AnswerListener {
  answered(answer: EndpointAnswer): void;
  /** There is none: the connection is gone. */
  failed(problem: string): void;
}

/** A connection of HTTP/1.1 to an endpoint, for one request after the other, on the bare socket. */
export class EndpointConnection implements AnswerSource {
  readonly #socket: Socket;
  readonly #idle: (connection: EndpointConnection) => void;
  #listener: AnswerListener | undefined;
  #method = "";
  #answer: EndpointAnswer | undefined;
  /** Of a head that has not come as a whole. */
  #head: Buffer = EMPTY;
  #isBodySent = true;
  #isReused = false;
  #isConnected = false;
  #connected: (() => void) | undefined;
  /** Called once, when more of the request's body may be written. */
  onDrain: (() => void) | undefined;

  /** `idle` is called when it may carry another request; `gone` when it no longer can. */
  constructor(
    { host, port, tls }: { host: string; port: number; tls: object | undefined },
    idle: (connection: EndpointConnection) => void,
    gone: (connection: EndpointConnection) => void,
  ) {
    this.#idle = idle;
    const options = { host, port, noDelay: true, keepAlive: true };
    this.#socket = tls ? connectTls({ ...options, ...tls }) : connectTcp(options);
    this.#socket
      .once(tls ? "secureConnect" : "connect", () => {
        this.#isConnected = true;
        this.#connected?.();
      })
      .on("data", (bytes: Buffer) => this.#read(bytes))
      .on("drain", () => this.onDrain?.())
      .on("end", () => this.#end())
      .on("error", (error) => this.#fail(errorMessage(error)))
      .on("close", () => {
        gone(this);
        this.#fail("the connection was closed");
      });
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Whether it has carried a request before this one. */
  get isReused(): boolean {
    return this.#isReused;
  }

  /** Calls when it is connected; a failure is the request's. */
  whenConnected(then: () => void): void {
    this.#connected = then;
  }

  /** Whoever asks for what is said of it. To be called before anything is sent. */
  listen(method: string, listener: AnswerListener): void {
    this.#method = method;
    this.#listener = listener;
  }

  /** Sends a request, or the head of one whose body follows. */
  send(head: string, hasBody: boolean): void {
    this.#isBodySent = !hasBody;
    this.#socket.write(head, "latin1");
  }

  /** A piece of the body. False: no more before `onDrain`. */
  write(piece: Buffer, isChunked: boolean): boolean {
    if (!isChunked) return this.#socket.write(piece);
    this.#socket.cork();
    this.#socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
    this.#socket.write(piece);
    const isTaken = this.#socket.write("\r\n", "latin1");
    this.#socket.uncork();
    return isTaken;
  }

  endBody(isChunked: boolean): void {
    this.#isBodySent = true;
    if (isChunked) this.#socket.write("0\r\n\r\n", "latin1");
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  release(isPersistent: boolean): void {
    this.#answer = undefined;
    this.#listener = undefined;
    this.#isReused = true;
    this.onDrain = undefined;
    this.#socket.resume();
    if (isPersistent && this.#isBodySent && !this.#socket.destroyed) this.#idle(this);
    else this.#socket.destroy();
  }

  #read(all: Buffer): void {
    let bytes = all;
    if (this.#answer) {
      this.#answer.read(bytes);
      return;
    }
    // What nobody has asked for would be taken for the next answer.
    if (!this.#listener) {
      this.#socket.destroy();
      return;
    }
    if (this.#head.length > 0) bytes = Buffer.concat([this.#head, bytes]);
    for (;;) {
      const end = bytes.indexOf(END_OF_HEAD);
      if (end < 0 && bytes.length <= MAX_HEAD_BYTES) {
        this.#head = bytes;
        return;
      }
      this.#head = EMPTY;
      const head = end > MAX_HEAD_BYTES ? undefined : readAnswerHead(bytes.toString("latin1", 0, end + 2));
      if (!head || head.status === 101) {
        this.#fail("the answer is not HTTP/1.1");
        return;
      }
      bytes = bytes.subarray(end + END_OF_HEAD.length);
      if (head.status < 200) continue;
      const { status, headers } = head;
      const reader = readerOf(this.#method, head);
      if (!reader) {
        this.#fail("the answer's end is open to doubt");
        return;
      }
      const isPersistent = head.isCurrent && !/\bclose\b/i.test(headers.connection ?? "");
      this.#answer = new EndpointAnswer(this, { status, headers, reader, bytes, isPersistent });
      this.#listener.answered(this.#answer);
      return;
    }
  }

  #end(): void {
    this.#answer?.close(true);
    this.#fail("the connection was closed");
  }

  #fail(problem: string): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#socket.destroy();
    if (this.#answer) this.#answer.close(false);
    else listener?.failed(problem);
  }
}

function readerOf(method: string, head: AnswerHead): BodyReader | undefined {
  const { status, headers } = head;
  if (method === "HEAD" || status === 204 || status === 304) return new BodyReader(NO_BODY);
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    return new BodyReader({ kind: "close" });
  const framing = framingOf(headers);
  return framing && new BodyReader(framing);
}
