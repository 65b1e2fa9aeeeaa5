import { type OutgoingHttpHeaders, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../base/index.ts";
import type { AnswerSink } from "../answer-sink.ts";
import { headText } from "./message-head.ts";

/** What is no longer is copied into one write with its head. */
const SMALL_BYTES = 32 * 1024;

type BodyForm = { kind: "none" } | { kind: "length"; left: number } | { kind: "chunked" };

export interface PlainAnswerOptions {
  socket: Socket;
  method: string;
  /** Whether the connection ends with it. */
  isLast(): boolean;
  /** It has been said to its end, or has been cut. */
  over(): void;
}

/**
 * An answer of HTTP/1.1 on the bare socket: as much of node:http's ServerResponse as passing an answer on takes. It tells of `drain`, and
 * of `close` when it is over either way.
 */
export class PlainAnswer implements AnswerSink {
  readonly #options: PlainAnswerOptions;
  /** Until it is sent, with the body's first bytes. */
  #head: string | undefined;
  #form: BodyForm = { kind: "none" };
  #hasBegun = false;
  #isOver = false;
  #isCut = false;
  #isLast = false;
  #listeners: { event: "close" | "drain"; call: () => void }[] = [];

  constructor(options: PlainAnswerOptions) {
    this.#options = options;
  }

  get headersSent(): boolean {
    return this.#hasBegun;
  }

  get destroyed(): boolean {
    return this.#isCut;
  }

  /** Whether the connection ends with it, as its head has told. */
  get isLast(): boolean {
    return this.#isLast;
  }

  writeHead(status: number, headers: OutgoingHttpHeaders): this {
    const { method, isLast } = this.#options;
    const all: OutgoingHttpHeaders = headers;
    delete all["transfer-encoding"];
    const length = all["content-length"];
    if (method === "HEAD" || status === 204 || status === 304) this.#form = { kind: "none" };
    else if (length !== undefined) this.#form = { kind: "length", left: Number(length) };
    else {
      this.#form = { kind: "chunked" };
      all["transfer-encoding"] = "chunked";
    }
    all.date ??= dateText();
    this.#isLast = isLast();
    if (this.#isLast) all.connection = "close";
    this.#head = headText(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`, all);
    this.#hasBegun = true;
    return this;
  }

  flushHeaders(): void {
    if (this.#head === undefined) return;
    this.#options.socket.write(this.#head, "latin1");
    this.#head = undefined;
  }

  /** Nobody of HTTP/1.1 asks for any. */
  addTrailers(): void {}

  /** False: whoever brings more waits for `drain`. */
  write(piece: Buffer): boolean {
    if (this.#isOver || piece.length === 0) return true;
    const { socket } = this.#options;
    switch (this.#form.kind) {
      case "none":
        return true;
      case "length":
        this.#form.left -= piece.length;
        // What follows would be read as another answer.
        if (!(this.#form.left >= 0)) {
          this.destroy();
          return true;
        }
        return this.#send(this.#takeHead(), piece);
      case "chunked":
        // The end may follow in the same moment.
        if (socket.writableCorked === 0) {
          socket.cork();
          process.nextTick(() => socket.uncork());
        }
        this.#send(`${this.#takeHead()}${piece.length.toString(16)}\r\n`, piece);
        return socket.write("\r\n", "latin1");
    }
  }

  end(piece?: Buffer): void {
    if (piece) this.write(piece);
    if (this.#isOver) return;
    if (this.#form.kind === "length" && this.#form.left !== 0) {
      this.destroy();
      return;
    }
    const rest = this.#takeHead() + (this.#form.kind === "chunked" ? "0\r\n\r\n" : "");
    if (rest !== "") this.#options.socket.write(rest, "latin1");
    this.#finish();
  }

  /** The client sees that it is cut, and does not take it for whole. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isCut = true;
    this.#options.socket.destroy();
    this.#finish();
  }

  /** Something else has been said in its place. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isCut = true;
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#options.over();
    this.#tell("close");
  }

  on(event: "close" | "drain", call: () => void): this {
    this.#listeners.push({ event, call });
    return this;
  }

  once(event: "close" | "drain", call: () => void): this {
    const once = () => {
      this.off(event, once);
      call();
    };
    return this.on(event, once);
  }

  off(event: "close" | "drain", call: () => void): this {
    const index = this.#listeners.findIndex((one) => one.event === event && one.call === call);
    if (index >= 0) this.#listeners = this.#listeners.toSpliced(index, 1);
    return this;
  }

  /** Its connection takes more. */
  drained(): void {
    this.#tell("drain");
  }

  #tell(event: "close" | "drain"): void {
    for (const one of this.#listeners) if (one.event === event) one.call();
  }

  #takeHead(): string {
    const head = this.#head ?? "";
    this.#head = undefined;
    return head;
  }

  #send(before: string, piece: Buffer): boolean {
    const { socket } = this.#options;
    if (before === "") return socket.write(piece);
    if (piece.length > SMALL_BYTES) {
      socket.cork();
      socket.write(before, "latin1");
      const isTaken = socket.write(piece);
      socket.uncork();
      return isTaken;
    }
    const bytes = Buffer.allocUnsafe(before.length + piece.length);
    bytes.write(before, 0, "latin1");
    piece.copy(bytes, before.length);
    return socket.write(bytes);
  }
}

let date = { second: 0, text: "" };

/** For the Date header; made once a second. */
function dateText(): string {
  const nowMs = systemClock.nowMs();
  const second = Math.floor(nowMs / 1000);
  if (date.second !== second) date = { second, text: new Date(nowMs).toUTCString() };
  return date.text;
}
