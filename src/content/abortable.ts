import type { Readable } from "node:stream";
import { GantryError } from "../base/index.ts";

/** The source's chunks until the signal aborts; then Canceled, and the source is told to stop. */
export async function* abortable(
  source: Readable | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (!signal) {
    yield* source as AsyncIterable<Uint8Array>;
    return;
  }
  const iterator = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let onAbort = () => {};
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    signal.addEventListener("abort", onAbort, { once: true });
  });
  let finished = false;
  try {
    for (;;) {
      if (signal.aborted) throw canceled(signal);
      const pending = iterator.next();
      const next = await Promise.race([pending, aborted]);
      if (next === "aborted") {
        pending.catch(() => {});
        throw canceled(signal);
      }
      if (next.done) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!finished) stop(source, iterator);
  }
}

/** Not awaited: a source that hangs may hang in here too. */
function stop(source: unknown, iterator: AsyncIterator<Uint8Array>): void {
  const destroy = (source as { destroy?: () => void }).destroy;
  if (typeof destroy === "function") destroy.call(source);
  else iterator.return?.().then(undefined, () => {});
}

export function canceled(signal: AbortSignal): GantryError {
  return new GantryError("Canceled", "the operation was canceled", { cause: signal.reason });
}
