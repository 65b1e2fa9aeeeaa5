import type { Clock } from "../../base/index.ts";
import type { KubeClient } from "./types.ts";

/** Those who waited for a server do not all come to it at once. */
const SPREAD_MS = 300;

export interface PauseOptions {
  client: Pick<KubeClient, "untilAnswered">;
  clock: Clock;
  signal: AbortSignal;
}

/** Waits for so long, or until a server answers that was away; whether one does. */
export async function pause({ client, clock, signal }: PauseOptions, ms: number): Promise<boolean> {
  const woken = new AbortController();
  const stop = AbortSignal.any([signal, woken.signal]);
  let isAnswered = false;
  void client.untilAnswered?.(stop).then(() => {
    isAnswered = !stop.aborted;
    woken.abort();
  });
  await clock.sleep(ms, stop).catch(() => {});
  woken.abort();
  if (isAnswered) await clock.sleep(Math.random() * SPREAD_MS, signal).catch(() => {});
  return isAnswered;
}
