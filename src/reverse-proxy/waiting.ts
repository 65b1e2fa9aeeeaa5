import type { Cancel, Clock } from "../base/index.ts";
import type { AnswerSink } from "../http/index.ts";

/** How long a request is waited for: as long as its client is there, and no longer than its rule allows. */
export class Waiting {
  readonly #sink: AnswerSink;
  readonly #cancel: Cancel | undefined;
  #stop: (() => void) | undefined;
  #isLate = false;

  constructor(sink: AnswerSink, requestMs: number | undefined, clock: Clock) {
    this.#sink = sink;
    sink.on("close", this.#over);
    if (requestMs !== undefined && requestMs > 0)
      this.#cancel = clock.after(requestMs, () => {
        this.#isLate = true;
        this.#over();
      });
  }

  get isLate(): boolean {
    return this.#isLate;
  }

  get isOver(): boolean {
    return this.#isLate || this.#sink.destroyed;
  }

  /** Calls once, when it is over; at once where it is. Returns the way to stop. */
  onEnd(stop: () => void): () => void {
    if (this.isOver) stop();
    else this.#stop = stop;
    return () => {
      if (this.#stop === stop) this.#stop = undefined;
    };
  }

  end(): void {
    this.#cancel?.();
    this.#sink.off("close", this.#over);
  }

  readonly #over = (): void => {
    if (this.#isLate && this.#sink.headersSent) this.#sink.destroy();
    this.#stop?.();
  };
}
