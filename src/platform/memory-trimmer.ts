import type { Clock, Logger } from "../base/index.ts";

const LOOK_EVERY_MS = 20_000;
/** Grown by so much since the last time, there may be something to give back. */
const WORTH_BYTES = 16 * 2 ** 20;

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
  let isBusy = false;
  const look = async () => {
    const beforeBytes = rssBytes();
    if (isBusy || beforeBytes < lastBytes + WORTH_BYTES) {
      lastBytes = Math.min(lastBytes, beforeBytes);
      return;
    }
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
