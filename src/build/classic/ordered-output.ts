import type { ProgressEvent } from "../../images/types.ts";
import type { BuildOutput } from "../types.ts";

type Entry =
  | { kind: "text"; text: string }
  | { kind: "error"; text: string }
  | { kind: "progress"; event: ProgressEvent }
  | { kind: "image"; id: string };

/** A stage that waits for its turn keeps this much of what it said; the oldest goes first. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024;

/**
 * Stages run side by side, but are read one after the other, in the order of the Dockerfile: the first one that is not
 * done speaks, the others' words wait.
 */
export class OrderedOutput {
  readonly #output: BuildOutput;
  readonly #waiting: Entry[][];
  readonly #sizes: number[];
  readonly #done: boolean[];
  #turn = 0;

  constructor(output: BuildOutput, parts: number) {
    this.#output = output;
    this.#waiting = Array.from({ length: parts }, () => []);
    this.#sizes = Array.from({ length: parts }, () => 0);
    this.#done = Array.from({ length: parts }, () => false);
  }

  part(index: number): BuildOutput {
    return {
      text: (text) => this.#add(index, { kind: "text", text }),
      errorText: (text) => this.#add(index, { kind: "error", text }),
      progress: (event) => this.#add(index, { kind: "progress", event }),
      image: (id) => this.#add(index, { kind: "image", id }),
      // One that waits for its turn is bounded by what it may keep.
      drained: async () => {
        if (index === this.#turn) await this.#output.drained?.();
      },
    };
  }

  /** The part has nothing more to say. */
  finish(index: number): void {
    this.#done[index] = true;
    while (this.#turn < this.#done.length && this.#done[this.#turn]) {
      this.#turn++;
      this.#flush(this.#turn);
    }
  }

  /** Says what a part that failed has said so far, though its turn has not come. */
  flushOutOfTurn(index: number): void {
    if (index !== this.#turn) this.#flush(index);
  }

  #add(index: number, entry: Entry): void {
    if (index === this.#turn) {
      this.#emit(entry);
      return;
    }
    const waiting = this.#waiting[index]!;
    waiting.push(entry);
    this.#sizes[index]! += sizeOf(entry);
    while (this.#sizes[index]! > MAX_WAITING_CHARACTERS && waiting.length > 1) {
      this.#sizes[index]! -= sizeOf(waiting.shift()!);
    }
  }

  #flush(index: number): void {
    const waiting = this.#waiting[index];
    if (!waiting) return;
    for (const entry of waiting.splice(0)) this.#emit(entry);
  }

  #emit(entry: Entry): void {
    if (entry.kind === "text") this.#output.text(entry.text);
    else if (entry.kind === "progress") this.#output.progress(entry.event);
    else if (entry.kind === "image") this.#output.image(entry.id);
    else if (this.#output.errorText) this.#output.errorText(entry.text);
    else this.#output.text(entry.text);
  }
}

function sizeOf(entry: Entry): number {
  return "text" in entry ? entry.text.length : 64;
}
