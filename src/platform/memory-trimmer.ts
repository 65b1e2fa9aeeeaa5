import { type Clock, errorMessage, type Logger } from "../base/index.ts";

const LOOK_EVERY_MS = 20_000;
/** Grown by so much since the last time, there may be something to give back. */
const WORTH_BYTES = 16 * 2 ** 20;
/** So many looks long: what made it grow may last, and what it leaves is freed when garbage is collected. */
const TRIMS_AFTER_GROWTH = 6;

export interface MemoryTrimmerOptions {
  clock: Clock;
  logger: Logger;
  rssBytes: () => number;
  trim: () => void;
}

/** Gives memory back after bursts (many pods at once, long logs to slow readers). Returns how to stop. */
export function keepMemoryTrimmed({ clock, logger, rssBytes, trim }: MemoryTrimmerOptions): () => void {
  let lastBytes = rssBytes();
  let trimsLeft = 0;
  const look = () => {
    const beforeBytes = rssBytes();
    if (beforeBytes >= lastBytes + WORTH_BYTES) trimsLeft = TRIMS_AFTER_GROWTH;
    lastBytes = Math.min(lastBytes, beforeBytes);
    if (trimsLeft === 0) return;
    trimsLeft--;
    try {
      trim();
    } catch (error) {
      trimsLeft = 0;
      logger.warn("memory cannot be given back", { error: errorMessage(error) });
    }
    lastBytes = rssBytes();
    logger.debug("memory given back", { before: beforeBytes, after: lastBytes });
  };
  return clock.every(LOOK_EVERY_MS, look, { unref: true });
}
