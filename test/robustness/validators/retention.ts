import { systemClock } from "../../../src/base/index.ts";
import type { Violations } from "../violation.ts";

interface Sample {
  askedMs: number;
  answeredMs: number;
  /** Since when the process had been up. */
  calmSinceMs: number | undefined;
  revision: number;
  compactRevision: number;
}

/** The store compacts by itself a fifth of its retention late at most; the rest is for a machine that is busy. */
const LATE = 1.5;
const SLACK_MS = 1_500;

/** Holds a store that compacts by itself to what it was told to keep: no revision goes early, and old ones go. */
export class Retention {
  readonly #samples: Sample[] = [];
  readonly #keepMs: number;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Returns the revision to which the store is compacted. */
  async sample(
    calmSinceMs: number | undefined,
    status: () => Promise<{ revision: number; compactRevision: number }>,
  ): Promise<number> {
    const askedMs = systemClock.monotonicMs();
    const { revision, compactRevision } = await status();
    const answeredMs = systemClock.monotonicMs();
    this.#samples.push({ askedMs, answeredMs, calmSinceMs, revision, compactRevision });
    return compactRevision;
  }

  validate(violations: Violations): void {
    for (const { askedMs, answeredMs, calmSinceMs = askedMs, compactRevision } of this.#samples) {
      const young = this.#samples.find((one) => one.askedMs >= answeredMs - this.#keepMs);
      violations.expect(
        compactRevision <= young!.revision,
        "history is kept",
        () =>
          `${compactRevision} was compacted; ${this.#keepMs} ms before, the store was at most at ${young!.revision}`,
      );
      const oldMs = askedMs - this.#keepMs * LATE - SLACK_MS;
      const old = this.#samples.findLast((one) => one.answeredMs <= oldMs && one.askedMs >= calmSinceMs);
      violations.expect(
        !old || compactRevision >= old.revision,
        "history ends",
        () =>
          `revision ${old!.revision} is ${Math.round(askedMs - old!.answeredMs)} ms old and not compacted`,
      );
    }
  }
}
