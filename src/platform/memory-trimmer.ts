import type { Clock, Logger } from "../base/index.ts";

const LOOK_EVERY_MS = 20_000;
/** Grown by so much since the last time, there may be something to give back. */
const WORTH_BYTES = 16 * 2 ** 20;
/** So many looks long: what made it grow may last, and what it leaves is freed when garbage is collected. */
const TRIMS_AFTER_GROWTH = 6;

export interface MemoryTrimmerOptions {
  clock: Clock;
  logger: Logger;
  rssBytes: () => number;
  trim: () => Promise<void>;
}

/** Gives memory back after bursts (many pods at once, long logs to slow readers). Returns how to stop. */
export function keepMemoryTrimmed(options: MemoryTrimmerOptions): () => void {
  const { clock, logger, rssBytes, trim } = options;
  let lastBytes = rssBytes();
  let trimsLeft = 0;
  let isBusy = false;
  const look = async () => {
    if (isBusy) return;
    const beforeBytes = rssBytes();
    if (beforeBytes >= lastBytes + WORTH_BYTES) trimsLeft = TRIMS_AFTER_GROWTH;
    lastBytes = Math.min(lastBytes, beforeBytes);
    if (trimsLeft === 0) return;
    trimsLeft--;
    isBusy = true;
    try {
      await trim();
      lastBytes = rssBytes();
      logger.debug("memory given back", { before: beforeBytes, after: lastBytes });
    } catch (error) {
      logger.warn("memory cannot be given back", { error });
      lastBytes = beforeBytes;
    } finally {
      isBusy = false;
    }
  };
  return clock.every(LOOK_EVERY_MS, () => void look(), { unref: true });
}
