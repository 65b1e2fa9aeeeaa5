import { GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import type { ExitResult, WaitCondition } from "../types.ts";
import type { Container } from "./container.ts";

/** Docker's wait; armed before it returns its promise. */
export function waitContainer(
  context: EngineContext,
  reference: string,
  condition: WaitCondition = "not-running",
  signal?: AbortSignal,
): Promise<ExitResult> {
  return waitFor(context.containers.get(reference), condition, signal);
}

export function waitFor(
  container: Container,
  condition: WaitCondition,
  signal?: AbortSignal,
): Promise<ExitResult> {
  if (condition === "not-running" && !container.isRunning) return Promise.resolve(container.exitResult());
  return new Promise((resolve, reject) => {
    const stop: (() => void)[] = [];
    const finish = (result: ExitResult) => {
      for (const undo of stop) undo();
      resolve(result);
    };
    const onAbort = () => {
      for (const undo of stop) undo();
      reject(new GantryError("Canceled", "the wait was canceled", { cause: signal?.reason }));
    };
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    stop.push(() => signal?.removeEventListener("abort", onAbort));
    // A container that is removed does not run, and will not exit again.
    stop.push(container.onRemoved(finish));
    if (condition === "removed") return;
    // Each end, whether a restart follows or not (moby: SetRestarting tells the same waiters as SetStopped).
    stop.push(container.onExit(finish));
  });
}
