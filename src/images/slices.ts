import { systemClock } from "../base/index.ts";

const SLICE_MS = 3;

/** Goes through what a synchronous generator makes, giving others their turn every few milliseconds. */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<T> {
  let untilMs = systemClock.monotonicMs() + SLICE_MS;
  for (const item of items) {
    yield item;
    if (systemClock.monotonicMs() < untilMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    untilMs = systemClock.monotonicMs() + SLICE_MS;
  }
}
