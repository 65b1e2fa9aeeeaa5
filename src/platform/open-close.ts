import type { Service } from "../base/index.ts";

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** A service that opens something, is ready, and closes it when told to stop. */
export function openCloseService(
  name: string,
  needs: readonly string[],
  open: (signal: AbortSignal) => Promise<() => Promise<void> | void>,
): Service {
  return {
    name,
    needs,
    async run({ signal, ready }) {
      const close = await open(signal);
      ready();
      await untilAborted(signal);
      await close();
    },
  };
}
