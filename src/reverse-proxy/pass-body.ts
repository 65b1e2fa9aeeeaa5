import type { Readable } from "node:stream";
import type { AnswerSink } from "../http/index.ts";

/**
 * Passes an answer's body on, no faster than the client takes it; resolves when that is over. One that breaks off is cut, so that
 * the client does not take it for whole. (A pipeline of streams does the same, and costs as much as all the rest of a short answer.)
 */
export function passBody(answered: Readable, to: AnswerSink): Promise<void> {
  return new Promise((resolve) => {
    const resume = () => answered.resume();
    answered.on("data", (chunk: Buffer) => {
      if (to.write(chunk)) return;
      answered.pause();
      to.once("drain", resume);
    });
    answered.on("end", () => to.end());
    answered.on("error", () => to.destroy());
    answered.on("close", () => {
      if (!answered.readableEnded) to.destroy();
    });
    const over = () => {
      // A client that goes away in the middle is no failure of ours.
      if (!answered.readableEnded) answered.destroy();
      resolve();
    };
    if (to.destroyed) over();
    else to.once("close", over);
  });
}
