import { GantryError } from "../../base/index.ts";

/** Starts something that runs; `ready` fails if it ends before it is. */
export function runUntilReady(run: (ready: () => void) => Promise<void>): {
  ready: Promise<void>;
  ended: Promise<void>;
} {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const ended = run(resolve);
  ended.then(
    () => reject(new GantryError("Unavailable", "a part of the API server stopped before it was ready")),
    reject,
  );
  return { ready, ended };
}

/** Resolves when the signal is given. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
