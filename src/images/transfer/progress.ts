import type { Clock } from "../../base/index.ts";
import type { ProgressEvent } from "../types.ts";

export type Report = (event: ProgressEvent) => void;

const INTERVAL_MS = 100;

/** Lets a line's byte counts through at most ten times a second, as terminals need no more. */
export function throttled(report: Report, clock: Clock): (event: ProgressEvent) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (event) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastMs < INTERVAL_MS && event.current !== event.total) return;
    lastMs = nowMs;
    report(event);
  };
}

/** Runs `work` for every item, at most `limit` at once; the first failure ends it, after what runs has ended. */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed: { error: unknown } | undefined;
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index]!, index);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed) throw failed.error;
}
