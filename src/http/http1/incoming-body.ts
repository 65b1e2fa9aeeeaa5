import type { Socket } from "node:net";
import { GantryError } from "../../base/index.ts";
import type { BodyReader } from "./body-reader.ts";
import type { BodyTaker, RequestBody } from "./request-body.ts";

/** The body of the request that is under way on a connection, which reads it as long as it flows. */
export class IncomingBody implements RequestBody {
  readonly #reader: BodyReader;
  readonly #socket: Socket;
  readonly #wanted: () => void;
  #taker: BodyTaker | undefined;
  #isDropped = false;
  #isPaused = false;

  /** `wanted` is called when somebody begins, or goes on, to take it. */
  constructor(reader: BodyReader, socket: Socket, wanted: () => void) {
    this.#reader = reader;
    this.#socket = socket;
    this.#wanted = wanted;
  }

  get isOver(): boolean {
    return this.#reader.isOver;
  }

  get isFlowing(): boolean {
    return this.#isDropped || (this.#taker !== undefined && !this.#isPaused);
  }

  start(taker: BodyTaker): void {
    this.#taker = taker;
    this.#wanted();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wanted();
  }

  drop(): void {
    this.#isDropped = true;
    this.#taker = undefined;
  }

  /** Returns what follows it. Throws BadFraming. */
  read(bytes: Buffer): Buffer {
    const rest = this.#reader.read(bytes, (piece) => this.#taker?.take(piece));
    if (this.#reader.isOver) this.#taker?.end();
    return rest;
  }

  cut(cause?: Error): void {
    const taker = this.#taker;
    this.#taker = undefined;
    this.#isDropped = true;
    taker?.fail(
      new GantryError("InvalidArgument", "the request's body ended early", { code: "Http.BodyCut", cause }),
    );
  }
}
