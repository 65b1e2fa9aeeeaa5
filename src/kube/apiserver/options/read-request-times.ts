import type { FlagValues } from "../../../formats/index.ts";
import type { OptionProblems } from "./option-problems.ts";

export interface RequestTimes {
  /** The longest that a request may take that is not meant to take long. */
  timeoutMs: number;
  /** A watch that names no end has it between so many seconds and twice as many. */
  minWatchSeconds: number;
}

/** Upstream's without flags. */
export const DEFAULT_REQUEST_TIMES: RequestTimes = { timeoutMs: 60_000, minWatchSeconds: 1800 };

export function readRequestTimes(flags: FlagValues, problems: OptionProblems): RequestTimes {
  const timeoutMs = flags.milliseconds("request-timeout");
  const minWatchSeconds = flags.number("min-request-timeout");
  if (timeoutMs < 0) problems.add("--request-timeout can not be negative value");
  if (minWatchSeconds < 0) problems.add("--min-request-timeout can not be negative value");
  return { timeoutMs, minWatchSeconds };
}
