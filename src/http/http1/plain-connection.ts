import type { Socket } from "node:net";
import { systemClock } from "../../base/index.ts";
import type { HttpLimits } from "../limits.ts";
import { linger, refuse } from "../refuse.ts";
import { canonicalTarget } from "../request-target.ts";
import { type BodyFraming, BodyReader, framingOf } from "./body-reader.ts";
import { IncomingBody } from "./incoming-body.ts";
import { END_OF_HEAD, type RequestHead, readRequestHead } from "./message-head.ts";
import { PlainAnswer } from "./plain-answer.ts";
import type { PlainRequest } from "./plain-request.ts";

export interface PlainConnectionOptions {
  limits: Required<HttpLimits>;
  keepsEmptySegments: boolean;
  serve(request: PlainRequest, answer: PlainAnswer): void;
  /** Who reads what is not plain; the bytes are the socket's next. */
  handOver(socket: Socket): void;
  /** It is somebody else's, or nobody's. */
  gone(connection: PlainConnection): void;
}

const EMPTY = Buffer.alloc(0);
/** Requests that are not answered from a plain reading: another protocol is asked for, or leave to send the body. */
const isSpecial = ({ headers }: RequestHead) => "upgrade" in headers || "expect" in headers;

/**
 * A connection of HTTP/1.1 whose requests are read on the bare socket, one after the other. From the first that is not plain on the
 * connection is somebody else's, who says what is to be said of it.
 */
export class PlainConnection {
  readonly #socket: Socket;
  readonly #options: PlainConnectionOptions;
  /** Read, and not yet looked at. */
  #rest: Buffer = EMPTY;
  #answer: PlainAnswer | undefined;
  #body: IncomingBody | undefined;
  #isReading = false;
  #isLast = false;
  /** When it began to wait for what it waits for. */
  #sinceMs = systemClock.monotonicMs();

  constructor(socket: Socket, options: PlainConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket
      .on("data", this.#onData)
      .on("drain", this.#onDrain)
      .on("end", this.#onGone)
      .on("error", this.#onGone)
      .on("close", this.#onGone);
  }

  /** No more requests are taken; what is under way is answered. */
  part(): void {
    this.#isLast = true;
    if (!this.#answer) this.#socket.destroy();
  }

  /** Ends it where it waits for too long. */
  check(nowMs: number): void {
    const { headersTimeoutMs, keepAliveTimeoutMs, bodyDrainTimeoutMs } = this.#options.limits;
    const waitedMs = nowMs - this.#sinceMs;
    if (this.#answer) return;
    if (this.#body) {
      if (waitedMs > bodyDrainTimeoutMs) this.#socket.destroy();
    } else if (this.#rest.length > 0) {
      if (waitedMs <= headersTimeoutMs) return;
      this.#let();
      refuse(this.#socket, 408, "408 Request Timeout");
    } else if (waitedMs > keepAliveTimeoutMs) this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#rest.length > 0) this.#read(Buffer.concat([this.#rest, bytes]));
    else this.#read(bytes);
  };

  readonly #onDrain = (): void => {
    this.#answer?.drained();
    if (!this.#answer) this.#next();
  };

  readonly #onGone = (): void => {
    this.#let();
    this.#socket.destroy();
    this.#answer?.destroy();
    this.#body?.cut();
  };

  #read(bytes: Buffer): void {
    this.#isReading = true;
    try {
      this.#rest = this.#readAll(bytes);
    } catch (error) {
      this.#refuse(error as Error);
    } finally {
      this.#isReading = false;
    }
  }

  /** Returns what is left for another time. */
  #readAll(all: Buffer): Buffer {
    let bytes = all;
    while (bytes.length > 0 && !this.#socket.destroyed) {
      if (this.#body) {
        if (!this.#body.isFlowing) {
          this.#socket.pause();
          return bytes;
        }
        bytes = this.#body.read(bytes);
        if (this.#body.isOver) this.#body = undefined;
        continue;
      }
      // Who does not take answers is not asked for more, and who asks ahead waits.
      if (this.#answer || this.#socket.writableNeedDrain) {
        this.#socket.pause();
        return bytes;
      }
      const end = bytes.indexOf(END_OF_HEAD);
      const { maxHeaderBytes } = this.#options.limits;
      if (end < 0 && bytes.length <= maxHeaderBytes) {
        if (this.#rest.length === 0) this.#sinceMs = systemClock.monotonicMs();
        return bytes;
      }
      const request =
        end < 0 || end > maxHeaderBytes ? undefined : this.#requestOf(bytes.toString("latin1", 0, end + 2));
      if (!request) {
        this.#handOver(bytes);
        return EMPTY;
      }
      bytes = bytes.subarray(end + END_OF_HEAD.length);
      this.#serve(request);
    }
    return EMPTY;
  }

  #requestOf(text: string): PlainRequest | undefined {
    const { limits, keepsEmptySegments } = this.#options;
    const head = readRequestHead(text);
    if (!head || isSpecial(head) || head.headers.host === undefined) return undefined;
    if (head.target.length > limits.maxTargetBytes) return undefined;
    const target = canonicalTarget(head.target, keepsEmptySegments);
    const framing = framingOf(head.headers);
    if ("problem" in target || !framing) return undefined;
    if (isTooMany(text, limits.maxHeaders)) return undefined;
    this.#body = this.#bodyOf(framing);
    const { method, headers } = head;
    return { method, headers, ...target, socket: this.#socket, body: this.#body };
  }

  #bodyOf(framing: BodyFraming): IncomingBody | undefined {
    if (framing.kind === "length" && framing.bytes === 0) return undefined;
    return new IncomingBody(new BodyReader(framing), this.#socket, () => this.#next());
  }

  #serve(request: PlainRequest): void {
    if (request.headers.connection !== undefined && /\bclose\b/i.test(request.headers.connection))
      this.#isLast = true;
    const answer = new PlainAnswer({
      socket: this.#socket,
      method: request.method,
      isLast: () => this.#isLast,
      over: () => this.#afterAnswer(answer),
    });
    this.#answer = answer;
    this.#options.serve(request, answer);
  }

  #afterAnswer(answer: PlainAnswer): void {
    if (this.#answer !== answer) return;
    this.#answer = undefined;
    this.#sinceMs = systemClock.monotonicMs();
    if (this.#socket.destroyed) return;
    if (answer.isLast || this.#isLast) {
      this.#let();
      this.#socket.on("error", () => this.#socket.destroy());
      this.#socket.end();
      linger(this.#socket);
      return;
    }
    // What nobody wanted is read and dropped, so that the client gets to read the answer.
    this.#body?.drop();
    if (!this.#isReading) this.#next();
  }

  /** Goes on with what was left, where there is something and nothing is under way. */
  #next(): void {
    if (this.#isReading || this.#socket.destroyed) return;
    const rest = this.#rest;
    this.#rest = EMPTY;
    if (rest.length > 0) this.#read(rest);
    if (this.#rest.length === 0 || (!this.#answer && !this.#body && !this.#socket.writableNeedDrain))
      this.#socket.resume();
  }

  #handOver(bytes: Buffer): void {
    this.#let();
    this.#rest = EMPTY;
    this.#socket.pause();
    this.#socket.unshift(bytes);
    this.#options.handOver(this.#socket);
    this.#socket.resume();
  }

  /** A body that cannot be read: nothing that follows it can. */
  #refuse(error: Error): void {
    const answer = this.#answer;
    const body = this.#body;
    this.#let();
    this.#rest = EMPTY;
    this.#answer = undefined;
    if (answer && !answer.headersSent) {
      refuse(this.#socket, 400, "400 Bad Request");
      answer.abandon();
    } else {
      this.#socket.destroy();
      answer?.destroy();
    }
    body?.cut(error);
  }

  #let(): void {
    this.#socket
      .off("data", this.#onData)
      .off("drain", this.#onDrain)
      .off("end", this.#onGone)
      .off("error", this.#onGone)
      .off("close", this.#onGone);
    this.#options.gone(this);
  }
}

/** A request line is no header. */
function isTooMany(head: string, maxHeaders: number): boolean {
  let count = -1;
  for (let at = head.indexOf("\r\n"); at >= 0; at = head.indexOf("\r\n", at + 2)) count++;
  return count > maxHeaders;
}
