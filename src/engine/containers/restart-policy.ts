import { invalidRequest } from "../errors.ts";
import type { RestartPolicy } from "../types.ts";

export const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** Who ran as long as this begins anew with the shortest delay. */
const HEALTHY_RUN_MS = 10_000;

const NAMES = ["", "no", "always", "on-failure", "unless-stopped"];

export function checkRestartPolicy(policy: RestartPolicy | undefined, autoRemove: boolean): void {
  const { Name = "", MaximumRetryCount = 0 } = policy ?? {};
  if (!NAMES.includes(Name)) {
    throw invalidRequest(
      `invalid restart policy: unknown policy '${Name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (MaximumRetryCount !== 0 && Name !== "on-failure") {
    const also = MaximumRetryCount < 0 ? " and cannot be negative" : "";
    throw invalidRequest(
      `invalid restart policy: maximum retry count can only be used with 'on-failure'${also}`,
    );
  }
  if (MaximumRetryCount < 0) {
    throw invalidRequest("invalid restart policy: maximum retry count cannot be negative");
  }
  if (autoRemove && Name !== "" && Name !== "no") {
    throw invalidRequest("can't create 'AutoRemove' container with restart policy");
  }
}

export interface EndedRun {
  policy: RestartPolicy | undefined;
  exitCode: number;
  /** Restarts so far since somebody started it. */
  restartCount: number;
  manuallyStopped: boolean;
}

/** Whether a container that ended shall run again. */
export function shallRestart({ policy, exitCode, restartCount, manuallyStopped }: EndedRun): boolean {
  switch (policy?.Name) {
    case "always":
      return true;
    case "unless-stopped":
      return !manuallyStopped;
    case "on-failure":
      return exitCode !== 0 && (!policy.MaximumRetryCount || restartCount < policy.MaximumRetryCount);
    default:
      return false;
  }
}

/** How long to wait before the next start, from the wait before the last one (0: none yet). */
export function nextDelayMs(lastDelayMs: number, ranMs: number): number {
  if (lastDelayMs === 0 || ranMs >= HEALTHY_RUN_MS) return FIRST_DELAY_MS;
  return Math.min(lastDelayMs * 2, LONGEST_DELAY_MS);
}
