import type { Clock } from "../../base/index.ts";

export interface AutoCompactionOptions {
  clock: Clock;
  /** How long history is kept; 0 switches compaction off. */
  retentionMs: number;
  revision: () => number;
  compact: (revision: number) => Promise<void>;
}

const SAMPLES_PER_RETENTION = 5;

/** Remembers which revision was current when, and compacts up to the one that is `retentionMs` old. */
export class AutoCompaction {
  readonly #samples: { atMs: number; revision: number }[] = [];
  readonly #options: AutoCompactionOptions;
  readonly #cancel: () => void;

  constructor(options: AutoCompactionOptions) {
    this.#options = options;
    const { clock, retentionMs } = options;
    this.#sample();
    this.#cancel =
      retentionMs > 0
        ? clock.every(retentionMs / SAMPLES_PER_RETENTION, () => this.#tick(), { unref: true })
        : () => {};
  }

  stop(): void {
    this.#cancel();
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#options.clock.monotonicMs(), revision: this.#options.revision() });
  }

  #tick(): void {
    const { clock, retentionMs, compact } = this.#options;
    const oldEnoughMs = clock.monotonicMs() - retentionMs;
    let target = 0;
    while (this.#samples[0] && this.#samples[0].atMs <= oldEnoughMs) target = this.#samples.shift()!.revision;
    this.#sample();
    if (target > 0) void compact(target);
  }
}
