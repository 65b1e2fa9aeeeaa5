import type { ProgressStep } from "../solver/types.ts";

const MAX_BYTES = 2 * 2 ** 20;

/** A command's output on its way to the clients, cut after 2 MiB as BuildKit does: what is longer belongs into a file. */
export class ClippedLog {
  readonly #step: ProgressStep;
  #bytes = 0;
  #isClipped = false;

  constructor(step: ProgressStep) {
    this.#step = step;
  }

  write(stream: 1 | 2, data: Buffer): void {
    if (this.#isClipped) return;
    const left = MAX_BYTES - this.#bytes;
    this.#bytes += data.length;
    if (data.length <= left) this.#step.log(stream, data);
    else {
      this.#isClipped = true;
      if (left > 0) this.#step.log(stream, data.subarray(0, left));
      this.#step.log(2, Buffer.from("\n[output clipped, log limit 2MiB reached]\n"));
    }
  }
}
