import { type BackoffOptions, backoffMs } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { priorFailuresOf } from "./completion-index.ts";
import { finishTimeMs } from "./finish-time.ts";

/** Upstream's DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff. */
export const POD_FAILURE_BACKOFF: BackoffOptions = { initialMs: 10_000, maxMs: 600_000 };

/** Pods of a Job that failed since one last succeeded. */
export interface Failures {
  count: number;
  /** When the last of them ended. */
  lastMs?: number;
}

export const NO_FAILURES: Failures = { count: 0 };

/** With the pods that have ended since. */
export function nextFailures(known: Failures, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
  const failedMs = failed.map(finishTimeMs);
  const since = succeeded.length === 0 ? failedMs : failedMs.filter((ms) => ms > lastOf(succeeded));
  const before = succeeded.length === 0 ? known : NO_FAILURES;
  if (since.length === 0) return before;
  return { count: before.count + since.length, lastMs: Math.max(...since) };
}

const lastOf = (pods: readonly Pod[]): number => Math.max(...pods.map(finishTimeMs));

/** How long no pod is made in place of those that failed. */
export function remainingMs({ count, lastMs = 0 }: Failures, nowMs: number, backoff: BackoffOptions): number {
  return count === 0 ? 0 : Math.max(0, lastMs + backoffMs(count - 1, backoff) - nowMs);
}

/** The same for an index of its own, whose last pod this was. */
export function remainingOfIndexMs(
  lastFailed: Pod | undefined,
  nowMs: number,
  backoff: BackoffOptions,
): number {
  if (lastFailed === undefined) return 0;
  const failures = { count: priorFailuresOf(lastFailed) + 1, lastMs: finishTimeMs(lastFailed) };
  return remainingMs(failures, nowMs, backoff);
}
