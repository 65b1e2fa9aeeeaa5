/** How many may wait for each that works (x/net's http2, serverConn.scheduleHandler). */
const WAITING_FOR_EACH = 4;

interface Waiting {
  work: () => Promise<void>;
  isOver: () => boolean;
}

/**
 * Lets as many handlers of one connection work at once as it may have streams open. A client that resets its streams at once makes room
 * for new ones while the handlers of the old ones still work: theirs wait, and where too many do, the client wants work and no answers
 * (CVE-2023-44487).
 */
export class HandlerQueue {
  readonly #limit: number;
  readonly #tooMany: () => void;
  readonly #waiting: Waiting[] = [];
  #working = 0;

  constructor(limit: number, tooMany: () => void) {
    this.#limit = limit;
    this.#tooMany = tooMany;
  }

  /** Work that `isOver` before its turn comes is not begun. It never throws. */
  run(work: () => Promise<void>, isOver: () => boolean): void {
    if (this.#working < this.#limit) void this.#begin(work);
    else if (this.#waiting.length < WAITING_FOR_EACH * this.#limit) this.#waiting.push({ work, isOver });
    else {
      this.#waiting.length = 0;
      this.#tooMany();
    }
  }

  async #begin(work: () => Promise<void>): Promise<void> {
    this.#working++;
    await work();
    this.#working--;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.isOver()) continue;
      void this.#begin(next.work);
      return;
    }
  }
}
