import { rfc3339Seconds } from "../../../base/index.ts";
import type { Job } from "../../api/index.ts";
import { newCondition, setCondition, trueCondition } from "./conditions.ts";
import type { JobEnd } from "./end-of-job.ts";
import { countUncounted, type StatusDraft } from "./status-draft.ts";

/** An event about the Job, told once the status that it belongs to is written. */
export interface News {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

/** Suspended or resumed; the time of a Job that is resumed begins anew, its deadline with it. */
export function noteSuspension({ spec }: Job, draft: StatusDraft, nowMs: number): News[] {
  const [status, reason, message] = spec.suspend
    ? ["True", "JobSuspended", "Job suspended"]
    : ["False", "JobResumed", "Job resumed"];
  const condition = newCondition("Suspended", status, { reason, message }, nowMs);
  if (!setCondition(draft.conditions, condition)) return [];
  if (!spec.suspend) draft.startTime = rfc3339Seconds(nowMs);
  return [{ type: "Normal", reason: spec.suspend ? "Suspended" : "Resumed", message }];
}

/** How the Job will end, before it does: it stays so, even if the pods that tell so are gone. */
export function noteEnd(draft: StatusDraft, end: JobEnd, nowMs: number): void {
  const type = end.outcome === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
  if (!trueCondition(draft.conditions, type))
    setCondition(draft.conditions, newCondition(type, "True", end, nowMs));
}

/** The Job is over, unless pods are still to be counted or on their way out. */
export function noteOver({ spec }: Job, draft: StatusDraft, end: JobEnd, nowMs: number): News[] {
  if (countUncounted(draft.uncountedTerminatedPods) > 0 || (draft.terminating ?? 0) > 0) return [];
  const { outcome, reason, message } = end;
  const condition = newCondition(outcome, "True", { reason, message }, nowMs);
  setCondition(draft.conditions, condition);
  if (outcome === "Failed") return [{ type: "Warning", reason, message }];
  draft.completionTime = condition.lastTransitionTime;
  const completed: News = { type: "Normal", reason: "Completed", message: "Job completed" };
  return spec.completions !== undefined && draft.succeeded > spec.completions
    ? [TOO_MANY, completed]
    : [completed];
}

const TOO_MANY: News = {
  type: "Warning",
  reason: "TooManySucceededPods",
  message: "Too many succeeded pods running after completion count reached",
};
