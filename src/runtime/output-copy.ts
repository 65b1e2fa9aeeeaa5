import type { Readable, Writable } from "node:stream";
import type { Clock } from "../base/index.ts";

/** How long nothing may come before an output that some left-behind process keeps open is given up. */
const QUIET_MS = 2000;
const LOOK_MS = 100;

/**
 * Copies a process's output to a client, at the client's pace. A client that goes away does not stop the process: the rest is
 * read and dropped.
 */
export class OutputCopy {
  /** Kept back until it is known to be the process's own. */
  #held: Buffer[] | undefined;
  readonly #source: Readable;
  readonly #clock: Clock;
  readonly #ended: Promise<void>;
  #bytes = 0;
  #waiting = false;

  readonly #destination: Writable | undefined;

  constructor(
    source: Readable,
    destination: Writable | undefined,
    clock: Clock,
    options: { held?: boolean } = {},
  ) {
    this.#source = source;
    this.#destination = destination;
    if (options.held) this.#held = [];
    this.#clock = clock;
    this.#ended = new Promise((resolve) => source.once("close", resolve));
    // EIO is how the master of a terminal says that nobody has it open any more.
    source.on("error", () => source.destroy());
    source.on("end", () => source.destroy());
    source.on("data", (chunk: Buffer) => {
      if (this.#held) this.#held.push(chunk);
      else this.#hand(chunk, destination);
    });
    destination?.on("error", () => this.#resume());
    destination?.on("close", () => this.#resume());
  }

  #hand(chunk: Buffer, destination: Writable | undefined): void {
    this.#bytes += chunk.length;
    if (!destination || destination.destroyed || destination.writableEnded) return;
    if (destination.write(chunk)) return;
    this.#waiting = true;
    this.#source.pause();
    destination.once("drain", () => this.#resume());
  }

  /** Hands over what was kept back, and from now on what comes. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const chunk of held ?? []) this.#hand(chunk, this.#destination);
  }

  #resume(): void {
    this.#waiting = false;
    this.#source.resume();
  }

  /** The process has ended (and what was kept back, released): resolves at the end of its output, or when what still holds the other end stays quiet. */
  async drained(): Promise<void> {
    let ended = false;
    void this.#ended.then(() => {
      ended = true;
    });
    let seen = this.#bytes;
    for (let quietMs = 0; quietMs < QUIET_MS && !ended; quietMs += LOOK_MS) {
      let cancel = () => {};
      const look = new Promise<void>((resolve) => {
        cancel = this.#clock.after(LOOK_MS, resolve);
      });
      await Promise.race([this.#ended, look]);
      cancel();
      if (this.#bytes !== seen || this.#waiting) quietMs = 0;
      seen = this.#bytes;
    }
    this.#source.destroy();
  }
}
