import { describe, expect, it } from "vitest";
import { applyMergePatch } from "../../../formats/index.ts";
import type { Job, JobStatus } from "../generated/types.ts";
import { createdFrom } from "../testing/refusals.ts";
import { jobs } from "./job.ts";
import { validateJobStatusUpdate } from "./job-status.ts";

const START = "2024-05-01T11:00:00Z";
const END = "2024-05-01T12:00:00Z";
const on = (...types: string[]) => types.map((type) => ({ type, status: "True" }));

function refusals(spec: object, before: JobStatus, change: object): string[] {
  const job = createdFrom(jobs, {
    metadata: { name: "j", namespace: "n", uid: "u" },
    spec: {
      template: { spec: { containers: [{ name: "c", image: "i" }], restartPolicy: "Never" } },
      ...spec,
    },
  });
  const status = applyMergePatch(structuredClone(before), change);
  const errors = validateJobStatusUpdate(
    { ...job, status } as unknown as Job,
    { ...job, status: before } as unknown as Job,
  );
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

const COMPLETE = { startTime: START, completionTime: END, conditions: on("SuccessCriteriaMet", "Complete") };
const FAILED = { startTime: START, conditions: on("FailureTarget", "Failed") };
const conditions = (why: string) => `status.conditions: Invalid value: ${why}`;

describe("a job's status is taken", () => {
  it.each<[object, JobStatus, object]>([
    [{}, {}, { active: 1, ready: 1, startTime: START }],
    [{}, { active: 1, startTime: START }, { ...COMPLETE, active: null, succeeded: 1 }],
    [{}, { startTime: START }, FAILED],
    [{ suspend: true, completions: 0 }, {}, { ...COMPLETE, startTime: null }],
    // Broken before, and nothing of it changed.
    [{}, { startTime: START, conditions: on("Complete") }, { succeeded: 1 }],
    [
      {},
      { startTime: START, conditions: on("Suspended") },
      { startTime: END, conditions: [{ type: "Suspended", status: "False" }] },
    ],
    [{ completionMode: "Indexed", completions: 3, parallelism: 3 }, { succeeded: 3 }, { succeeded: 1 }],
    [
      { completionMode: "Indexed", completions: 3, backoffLimitPerIndex: 1 },
      {},
      { completedIndexes: "0", failedIndexes: "1-2" },
    ],
  ])("of %j after %j with %j", (spec, before, change) => {
    expect(refusals(spec, before, change)).toEqual([]);
  });
});

describe("a job's status is refused", () => {
  it.each<[object, JobStatus, object, string[]]>([
    [
      {},
      {},
      { failed: -1 },
      [
        "status.failed: Invalid value: -1: must be greater than or equal to 0",
        "status.failed: Invalid value: -1: cannot decrease the failed counter",
      ],
    ],
    [
      {},
      {},
      { uncountedTerminatedPods: { succeeded: ["a", ""], failed: ["a"] } },
      [
        'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
        'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      ],
    ],
    [
      {},
      { startTime: START },
      { conditions: on("Complete", "SuccessCriteriaMet", "Failed", "FailureTarget"), completionTime: END },
      [
        conditions("cannot set Complete=True and Failed=true conditions"),
        conditions("cannot set Complete=True and FailureTarget=true conditions"),
        conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions"),
        conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
      ],
    ],
    [
      {},
      { startTime: START },
      { completionTime: "2024-05-01T10:00:00Z" },
      [
        "status.completionTime: Invalid value: 2024-05-01 10:00:00 +0000 UTC: cannot set completionTime when there is no Complete=True condition",
        "status.completionTime: Invalid value: 2024-05-01 10:00:00 +0000 UTC: completionTime cannot be set before startTime",
      ],
    ],
    [
      {},
      {},
      { conditions: on("Complete"), active: 1 },
      [
        "status.completionTime: Required value: completionTime is required for Complete jobs",
        conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
        "status.active: Invalid value: 1: active>0 is invalid for finished job",
        "status.startTime: Required value: startTime is required for finished job",
      ],
    ],
    [
      {},
      { startTime: START },
      { conditions: on("Failed"), terminating: 1, uncountedTerminatedPods: { failed: ["a"] } },
      [
        conditions("cannot set Failed=True condition without the FailureTarget=true condition"),
        'status.uncountedTerminatedPods: Invalid value: batch.UncountedTerminatedPods{Succeeded:[]types.UID(nil), Failed:[]types.UID{"a"}}: uncountedTerminatedPods needs to be empty for finished job',
        "status.terminating: Invalid value: 1: terminating>0 is invalid for finished job",
      ],
    ],
    [
      {},
      {},
      { completedIndexes: "1", failedIndexes: "0" },
      [
        'status.completedIndexes: Invalid value: "1": error parsing completedIndexes: too large index: "1"',
        'status.completedIndexes: Invalid value: "1": cannot set non-empty completedIndexes when non-indexed completion mode',
        'status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ],
    ],
    [
      { completionMode: "Indexed", completions: 5, backoffLimitPerIndex: 1 },
      {},
      { completedIndexes: "0-3", failedIndexes: "2,4,4" },
      [
        'status.failedIndexes: Invalid value: "2,4,4": error parsing failedIndexes: non-increasing order, previous: 4, current: 4',
        'status.failedIndexes: Invalid value: "2,4,4": failedIndexes and completedIndexes overlap at index: 2',
      ],
    ],
    [
      {},
      {},
      { ready: 2, active: 1 },
      ["status.ready: Invalid value: 2: cannot set more ready pods than active"],
    ],
    [
      { completionMode: "Indexed", completions: 2, successPolicy: { rules: [{ succeededCount: 1 }] } },
      { startTime: START, completionTime: END, conditions: on("Complete") },
      { active: 0 },
      [conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")],
    ],
    [
      {},
      COMPLETE,
      { conditions: [], completionTime: null },
      [
        conditions("cannot disable the terminal Complete=True condition"),
        conditions("cannot disable the SuccessCriteriaMet=True condition"),
      ],
    ],
    [
      {},
      COMPLETE,
      { completionTime: "2024-05-01T12:00:01Z" },
      [
        "status.completionTime: Invalid value: 2024-05-01 12:00:01 +0000 UTC: completionTime cannot be mutated",
      ],
    ],
    [
      {},
      { startTime: START, succeeded: 2 },
      { succeeded: 1, startTime: END },
      [
        "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter",
        "status.startTime: Required value: startTime cannot be removed for unsuspended job",
      ],
    ],
    [
      {},
      { startTime: START, completionTime: END, conditions: on("Complete") },
      { conditions: on("Complete", "SuccessCriteriaMet") },
      [conditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")],
    ],
  ])("of %j after %j with %j", (spec, before, change, errors) => {
    expect(refusals(spec, before, change)).toEqual(errors);
  });
});
