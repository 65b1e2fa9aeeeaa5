import { connect, type Socket } from "node:net";
import {
  type CallName,
  type Calls,
  type Response,
  readLines,
  type WireBatch,
  type WireWatch,
} from "./protocol.ts";

/** The store answered with an error. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection broke before the answer came. */
export class ConnectionLost extends Error {}

interface Pending {
  onBatch?: (batch: WireBatch) => void;
  resolve(gives: object): void;
  reject(error: Error): void;
}

/** One connection to the process under test. */
export class StoreClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #isLost = false;

  static connect(path: string): Promise<StoreClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("connect", () => resolve(new StoreClient(socket)));
      socket.once("error", (error) => reject(new ConnectionLost(error.message)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    readLines(socket, (line) => this.#receive(JSON.parse(line)));
    socket.on("error", () => {});
    socket.on("close", () => this.#lose());
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  call<Name extends CallName>(call: Name, takes: Calls[Name]["takes"]): Promise<Calls[Name]["gives"]> {
    return this.#send(++this.#lastId, call, takes, undefined);
  }

  /** Resolves when the watch ends by itself or is cancelled, with the reason. */
  watch(
    options: WireWatch,
    onBatch: (batch: WireBatch) => void,
  ): { ended: Promise<{ code: string }>; cancel(): void } {
    const id = ++this.#lastId;
    const ended = this.#send(id, "watch", options, onBatch);
    const cancel = () => {
      this.call("cancel", { watch: id }).catch(() => {});
    };
    return { ended, cancel };
  }

  /** Stops reading for a while: a slow client. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #send<Name extends CallName>(
    id: number,
    call: Name,
    takes: Calls[Name]["takes"],
    onBatch: Pending["onBatch"],
  ): Promise<Calls[Name]["gives"]> {
    if (this.#isLost) return Promise.reject(new ConnectionLost("the connection is lost"));
    return new Promise((resolve, reject) => {
      this.#pending.set(id, {
        ...(onBatch ? { onBatch } : {}),
        resolve: resolve as Pending["resolve"],
        reject,
      });
      this.#socket.write(`${JSON.stringify({ id, call, takes })}\n`);
    });
  }

  #receive(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (!pending) return;
    if ("batch" in response) {
      pending.onBatch?.(response.batch);
      return;
    }
    this.#pending.delete(response.id);
    if ("gives" in response) pending.resolve(response.gives);
    else pending.reject(new Refused(response.error.code, response.error.message));
  }

  #lose(): void {
    this.#isLost = true;
    for (const pending of this.#pending.values())
      pending.reject(new ConnectionLost("the connection is lost"));
    this.#pending.clear();
  }
}
