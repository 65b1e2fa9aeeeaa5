import { rfc3339Seconds } from "../../../base/index.ts";
import type { JobCondition } from "../../api/index.ts";

export interface Reason {
  reason: string;
  message: string;
}

export function newCondition(
  type: string,
  status: string,
  { reason, message }: Reason,
  nowMs: number,
): JobCondition {
  const now = rfc3339Seconds(nowMs);
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
}

export function conditionOf(conditions: readonly JobCondition[], type: string): JobCondition | undefined {
  return conditions.find((one) => one.type === type);
}

export function trueCondition(
  conditions: readonly JobCondition[] | undefined,
  type: string,
): JobCondition | undefined {
  const condition = conditionOf(conditions ?? [], type);
  return condition?.status === "True" ? condition : undefined;
}

/** Says whether that changed anything. One that is not there is not false: that would mean nothing. */
export function setCondition(conditions: JobCondition[], next: JobCondition): boolean {
  const at = conditions.findIndex(({ type }) => type === next.type);
  if (at < 0) {
    if (next.status === "False") return false;
    conditions.push(next);
    return true;
  }
  const { status, reason, message } = conditions[at]!;
  if (status === next.status && reason === next.reason && message === next.message) return false;
  conditions[at] = next;
  return true;
}
