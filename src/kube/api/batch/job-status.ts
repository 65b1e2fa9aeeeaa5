import { jsonEquals } from "../../../formats/index.ts";
import { duplicate, invalid, invalidUnshown, nonNegative, required } from "../field-error.ts";
import type { Job, JobStatus } from "../generated/types.ts";
import { goStructOf } from "../go-struct.ts";
import { goTime } from "../go-value.ts";
import { timeMs } from "../meta/time.ts";
import type { FieldError } from "../types.ts";
import { countIndexes, overlapOf } from "./index-intervals.ts";
import { isIndexed } from "./job-spec.ts";

/** A write of a job's status: what it becomes, what it was, and which of its parts the write changes. */
interface StatusWrite {
  next: Job;
  status: JobStatus;
  before: JobStatus;
  is: (type: string) => boolean;
  was: (type: string) => boolean;
  isFinished: boolean;
  changed: { [part in keyof JobStatus | "finished" | "complete" | "hasFailed" | "target" | "met"]?: boolean };
}

/**
 * `ValidateJobUpdateStatus`, with the rules for jobs that others than the job controller manage. What was broken before
 * may stay so: most rules are asked only when what they speak of changes.
 */
export function validateJobStatusUpdate(next: Job, previous: Job): FieldError[] {
  const write = statusWrite(next, previous);
  return [
    ...validateCounters(write.status),
    ...validateUncounted(write.status),
    ...validateEnd(write),
    ...validateFinished(write),
    ...validateIndexes(write),
    ...validatePods(write),
    ...validateSuccess(write),
    ...validateTransition(write),
  ];
}

function statusWrite(next: Job, previous: Job): StatusWrite {
  const [status, before] = [next.status ?? {}, previous.status ?? {}];
  const is = (type: string) => hasTrue(status, type);
  const was = (type: string) => hasTrue(before, type);
  const fields = new Set([...Object.keys(status), ...Object.keys(before)]) as Set<keyof JobStatus>;
  const isFinished = is("Complete") || is("Failed");
  const changed: StatusWrite["changed"] = {
    finished: isFinished !== (was("Complete") || was("Failed")),
    complete: is("Complete") !== was("Complete"),
    hasFailed: is("Failed") !== was("Failed"),
    target: is("FailureTarget") !== was("FailureTarget"),
    met: is("SuccessCriteriaMet") !== was("SuccessCriteriaMet"),
  };
  for (const field of fields) changed[field] = !jsonEquals(status[field], before[field]);
  return { next, status, before, is, was, isFinished, changed };
}

function hasTrue({ conditions }: JobStatus, type: string, value = "True"): boolean {
  return conditions?.some((one) => one.type === type && one.status === value) ?? false;
}

const when = (...rules: [broken: boolean | undefined, error: () => FieldError][]): FieldError[] =>
  rules.flatMap(([isBroken, error]) => (isBroken ? [error()] : []));

const badConditions = (why: string) => () => invalidUnshown("status.conditions", why);

function validateCounters(status: JobStatus): FieldError[] {
  const counters = ["active", "succeeded", "failed", "ready", "terminating"] as const;
  return counters.flatMap((field) => nonNegative(`status.${field}`, status[field]));
}

function validateUncounted({ uncountedTerminatedPods: pods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (["succeeded", "failed"] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, index) => {
      const path = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === "") return [invalid(path, uid, "must not be empty")];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Complete, failed, and when. */
function validateEnd({ status, is, changed }: StatusWrite): FieldError[] {
  const { startTime, completionTime } = status;
  const path = "status.completionTime";
  const shown = goTime(completionTime);
  const isEarly = !!startTime && !!completionTime && timeMs(completionTime) < timeMs(startTime);
  const ofTime = changed.complete || changed.completionTime;
  return when(
    [
      (changed.complete || changed.hasFailed) && is("Complete") && is("Failed"),
      badConditions("cannot set Complete=True and Failed=true conditions"),
    ],
    [
      (changed.complete || changed.target) && is("Complete") && is("FailureTarget"),
      badConditions("cannot set Complete=True and FailureTarget=true conditions"),
    ],
    [
      ofTime && !!completionTime && !is("Complete"),
      () => invalid(path, shown, "cannot set completionTime when there is no Complete=True condition"),
    ],
    [
      ofTime && !completionTime && is("Complete"),
      () => required(path, "completionTime is required for Complete jobs"),
    ],
    [
      (changed.startTime || changed.completionTime) && isEarly,
      () => invalid(path, shown, "completionTime cannot be set before startTime"),
    ],
    [
      (changed.hasFailed || changed.failedIndexes) && is("Failed") && !is("FailureTarget"),
      badConditions("cannot set Failed=True condition without the FailureTarget=true condition"),
    ],
    [
      (changed.complete || changed.met) && is("Complete") && !is("SuccessCriteriaMet"),
      badConditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
    ],
  );
}

/** A job that is over has no pods left to wait for. */
function validateFinished({ next, status, isFinished, changed }: StatusWrite): FieldError[] {
  if (!isFinished) return [];
  const { active = 0, startTime, uncountedTerminatedPods: pods } = status;
  const { suspend, completions } = next.spec;
  const neverStarts = suspend === true && completions === 0;
  const hasUncounted = (pods?.failed?.length ?? 0) + (pods?.succeeded?.length ?? 0) > 0;
  const shown = () => goStructOf("batch.UncountedTerminatedPods", pods);
  return when(
    [
      (changed.finished || changed.active) && active > 0,
      () => invalid("status.active", active, "active>0 is invalid for finished job"),
    ],
    [
      (changed.finished || changed.startTime) && !neverStarts && !startTime,
      () => required("status.startTime", "startTime is required for finished job"),
    ],
    [
      (changed.finished || changed.uncountedTerminatedPods) && hasUncounted,
      () =>
        invalid(
          "status.uncountedTerminatedPods",
          shown(),
          "uncountedTerminatedPods needs to be empty for finished job",
        ),
    ],
  );
}

function validateIndexes({ next: { spec }, status, changed }: StatusWrite): FieldError[] {
  const { completedIndexes: completed = "", failedIndexes: failed } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const countsFailed = backoffLimitPerIndex !== undefined;
  const problemOf = (text: string) =>
    completions === undefined ? undefined : problemText(countIndexes(text, completions));
  const ofCompleted = problemOf(completed);
  const ofFailed = countsFailed && failed !== undefined ? problemOf(failed) : undefined;
  const overlap =
    completions === undefined || failed === undefined ? undefined : overlapOf(completed, failed, completions);
  const bad = (field: "completedIndexes" | "failedIndexes", why: string) => () =>
    invalid(`status.${field}`, status[field] ?? "", why);
  return when(
    [
      changed.completedIndexes && ofCompleted !== undefined,
      bad("completedIndexes", `error parsing completedIndexes: ${ofCompleted}`),
    ],
    [
      changed.failedIndexes && ofFailed !== undefined,
      bad("failedIndexes", `error parsing failedIndexes: ${ofFailed}`),
    ],
    [
      changed.completedIndexes && completed !== "" && !isIndexed(spec),
      bad("completedIndexes", "cannot set non-empty completedIndexes when non-indexed completion mode"),
    ],
    [
      changed.failedIndexes && failed !== undefined && !countsFailed,
      bad("failedIndexes", "cannot set non-null failedIndexes when backoffLimitPerIndex is null"),
    ],
    [
      (changed.failedIndexes || changed.completedIndexes) && overlap !== undefined,
      bad("failedIndexes", `failedIndexes and completedIndexes overlap at index: ${overlap}`),
    ],
  );
}

const problemText = (counted: number | string) => (typeof counted === "string" ? counted : undefined);

function validatePods({ status, isFinished, changed }: StatusWrite): FieldError[] {
  const { terminating = 0, ready = 0, active = 0 } = status;
  return when(
    [
      (changed.finished || changed.terminating) && isFinished && terminating > 0,
      () => invalid("status.terminating", terminating, "terminating>0 is invalid for finished job"),
    ],
    [
      (changed.ready || changed.active) && status.ready !== undefined && ready > active,
      () => invalid("status.ready", ready, "cannot set more ready pods than active"),
    ],
  );
}

/** Enough pods have succeeded: the job has not failed, and where a policy says what is enough it is over only then. */
function validateSuccess({ next, is }: StatusWrite): FieldError[] {
  const isMet = is("SuccessCriteriaMet");
  return when(
    [isMet && is("Failed"), badConditions("cannot set SuccessCriteriaMet=True and Failed=true conditions")],
    [
      isMet && is("FailureTarget"),
      badConditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
    ],
    [
      next.spec.successPolicy !== undefined && !isMet && is("Complete"),
      badConditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"),
    ],
  );
}

/** What only ever goes one way (batch ValidateJobStatusUpdate). */
function validateTransition({ next, status, before, is, was, changed }: StatusWrite): FieldError[] {
  const { spec } = next;
  const { failed = 0, succeeded = 0, completionTime } = status;
  const mayScaleDown = isIndexed(spec) && spec.completions === spec.parallelism;
  const isResuming = was("Suspended") && hasTrue(status, "Suspended", "False");
  const terminal = ["Failed", "Complete", "FailureTarget"].map((type): [boolean, () => FieldError] => [
    was(type) && !is(type),
    badConditions(`cannot disable the terminal ${type}=True condition`),
  ]);
  return when(
    ...terminal,
    [
      failed < (before.failed ?? 0),
      () => invalid("status.failed", failed, "cannot decrease the failed counter"),
    ],
    [
      !mayScaleDown && succeeded < (before.succeeded ?? 0),
      () => invalid("status.succeeded", succeeded, "cannot decrease the succeeded counter"),
    ],
    [
      !!completionTime && !!before.completionTime && changed.completionTime,
      () => invalid("status.completionTime", goTime(completionTime), "completionTime cannot be mutated"),
    ],
    [
      !!before.startTime && changed.startTime && !isResuming && !spec.suspend,
      () => required("status.startTime", "startTime cannot be removed for unsuspended job"),
    ],
    [
      was("SuccessCriteriaMet") && !is("SuccessCriteriaMet"),
      badConditions("cannot disable the SuccessCriteriaMet=True condition"),
    ],
    [
      was("Complete") && !was("SuccessCriteriaMet") && is("SuccessCriteriaMet"),
      badConditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"),
    ],
  );
}
