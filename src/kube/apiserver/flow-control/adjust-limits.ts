import { allocateConcurrency } from "./allocate-concurrency.ts";
import type { PriorityLevel } from "./priority-level.ts";

/**
 * Gives each level its limit until the next time: who needs few seats lends to who needs many, each within its bounds
 * (upstream updateBorrowing). Returns the fraction of its target that a level gets which no bound holds.
 */
export function adjustLimits(levels: readonly PriorityLevel[], nowMs: number): number {
  for (const { queueSet } of levels) queueSet.demand.look(nowMs);
  const limited = levels.filter(({ isExempt }) => !isExempt);
  const all = sum(levels.map(({ nominalLimit }) => nominalLimit));
  let left = all;
  for (const level of levels) {
    if (!level.isExempt) continue;
    // What is exempt takes what it takes.
    level.target = Math.max(level.minLimit, level.queueSet.demand.highWatermark);
    level.setLimit(level.target);
    left -= level.target;
  }
  for (const level of limited) level.target = Math.max(wantedAtLeast(level), level.queueSet.demand.smoothed);
  return share(limited, all, left);
}

/** What it has used, as far as that is its own; and what it never lends. */
function wantedAtLeast({ minLimit, nominalLimit, queueSet }: PriorityLevel): number {
  return Math.max(minLimit, Math.min(nominalLimit, queueSet.demand.highWatermark));
}

function share(levels: readonly PriorityLevel[], all: number, left: number): number {
  const least = sum(levels.map(({ minLimit }) => minLimit));
  const wanted = sum(levels.map(wantedAtLeast));
  if (left <= wanted) {
    const part = left <= least ? 0 : (left - least) / (wanted - least);
    for (const level of levels) {
      const { minLimit } = level;
      level.setLimit(minLimit + Math.round((wantedAtLeast(level) - minLimit) * part));
    }
    return 0;
  }
  const claims = levels.map((level) => ({
    target: level.target,
    lowerBound: wantedAtLeast(level),
    upperBound: level.maxLimit,
  }));
  const allocation = allocateConcurrency(all, claims);
  for (const [index, level] of levels.entries()) {
    level.setLimit(allocation ? Math.round(allocation.shares[index]!) : level.currentLimit);
  }
  return allocation?.fairFraction ?? 0;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
