import { type Cancel, type Clock, systemClock } from "./clock.ts";
import { diskError } from "./disk-error.ts";
import { errorMessage } from "./errors.ts";
import type { Logger } from "./log.ts";

export interface DeferredSavesOptions {
  /** What is saved: `container`, say. */
  what: string;
  logger: Logger;
  clock?: Clock;
  retryMs?: number;
}

const RETRY_MS = 2_000;

/**
 * For changes that have happened in the world and must be told even where the disk is full: an end, a removal. They are saved now if that is
 * possible, else as soon as it is; until then they are true in memory only, and a crash makes the start after it find them again.
 */
export class DeferredSaves {
  readonly #options: DeferredSavesOptions;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, () => Promise<void>>();
  #cancel: Cancel | undefined;

  constructor(options: DeferredSavesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** `save` writes what is true when it is called. Fails only where it is not the disk that fails. */
  async saveOrDefer(key: string, save: () => Promise<void>): Promise<void> {
    try {
      await save();
      this.#waiting.delete(key);
    } catch (error) {
      const failure = diskError(error);
      if (!failure) throw error;
      if (!this.#waiting.has(key)) {
        const { what, logger } = this.#options;
        logger.warn("a change cannot be saved yet", { [what]: key, error: failure.message });
      }
      this.#waiting.set(key, save);
      this.#cancel ??= this.#clock.after(this.#options.retryMs ?? RETRY_MS, () => void this.flush(), {
        unref: true,
      });
    }
  }

  /** Nothing of it is to be saved any more. */
  forget(key: string): void {
    this.#waiting.delete(key);
  }

  /** The last try: what cannot be saved now is not tried again. */
  async close(): Promise<void> {
    await this.flush();
    this.#cancel?.();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Tries all that waits. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const [key, save] of [...this.#waiting]) {
      try {
        await this.saveOrDefer(key, save);
      } catch (error) {
        this.#waiting.delete(key);
        const { what, logger } = this.#options;
        logger.error("a change could not be saved", { [what]: key, error: errorMessage(error) });
      }
      if (this.#waiting.has(key)) return;
    }
  }
}
