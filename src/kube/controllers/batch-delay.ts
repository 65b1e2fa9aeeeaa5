/** Above this many pods the changes of a moment are worked off together, for each pass goes through all of them. */
const BATCH_FROM = 20;
const MAX_BATCH_MS = 1_000;

/** How long an owner of so many pods waits for more changes of them. */
export function batchDelayMs(pods: number): number {
  return pods <= BATCH_FROM ? 0 : Math.min(MAX_BATCH_MS, pods);
}
