import { describe, expect, it } from "vitest";
import { toTable } from "../table.ts";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnUpdate,
  rows,
  warningsOnCreate,
  warningsOnUpdate,
} from "../testing/refusals.ts";
import { cronJobs } from "./cron-job.ts";

const job = { template: { spec: { containers: [{ name: "c", image: "i:1" }], restartPolicy: "Never" } } };
const base = {
  metadata: { name: "backup", namespace: "n", creationTimestamp: "2024-05-01T11:00:00Z" },
  spec: { schedule: "0 3 * * *", jobTemplate: { spec: job } },
};
const ofJob = (spec: object) => ({ spec: { jobTemplate: { spec } } });
const LOCAL = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
const NO_ZONE = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";

describe("cron jobs", () => {
  it("have upstream's defaults, of their jobs only those of the pods", () => {
    const { spec, status } = createdFrom(cronJobs, base, {
      status: { lastScheduleTime: "2024-05-01T11:00:00Z" },
    });
    expect(spec).toMatchObject({
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { creationTimestamp: null } },
    });
    expect(Object.keys(spec.jobTemplate.spec)).toEqual(["template"]);
    expect(spec.jobTemplate.spec.template.spec.dnsPolicy).toBe("ClusterFirst");
    expect(status).toEqual({});
  });

  it.each(
    rows([
      [{}],
      [{ spec: { schedule: "@hourly", timeZone: "Europe/Paris" } }],
      [{ spec: { schedule: "" } }, "Required spec.schedule: Required value"],
      [
        { spec: { schedule: "61 * * * *" } },
        'Invalid spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61',
      ],
      [
        { spec: { schedule: "TZ=UTC 0 0 * * *" } },
        `Invalid spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": ${NO_ZONE}`,
      ],
      [
        { spec: { timeZone: "europe/paris" } },
        'Invalid spec.timeZone: Invalid value: "europe/paris": unknown time zone europe/paris',
      ],
      [
        { spec: { timeZone: "" } },
        'Invalid spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
      ],
      [
        { spec: { timeZone: "../x" } },
        'Invalid spec.timeZone: Invalid value: "../x": unknown time zone ../x',
      ],
      [{ spec: { timeZone: "Local" } }, `Invalid spec.timeZone: Invalid value: "Local": ${LOCAL}`],
      [
        { spec: { timeZone: "LOCAL" } },
        `Invalid spec.timeZone: Invalid value: "LOCAL": ${LOCAL}`,
        'Invalid spec.timeZone: Invalid value: "LOCAL": unknown time zone LOCAL',
      ],
      [
        { spec: { concurrencyPolicy: "Odd" } },
        'NotSupported spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"',
      ],
      [
        ofJob({ selector: { matchLabels: { a: "b" } }, manualSelector: true }),
        'Invalid spec.jobTemplate.spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: `selector` will be auto-generated',
        'NotSupported spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
      ],
      // What a job would be given is asked of this.
      [
        ofJob({ podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "T" }] }] } }),
        'Required spec.jobTemplate.spec.podFailurePolicy.rules[0].onPodConditions[0].status: Required value: valid values: ["False" "True" "Unknown"]',
      ],
      [
        { metadata: { name: "x".repeat(53) } },
        `Invalid metadata.name: Invalid value: "${"x".repeat(53)}": must be no more than 52 characters`,
      ],
    ]),
  )("are refused on create with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(cronJobs, base, change)).toEqual(errors);
  });

  const old = {
    ...base,
    metadata: { ...base.metadata, name: "x".repeat(53) },
    spec: { ...base.spec, schedule: "TZ=UTC 0 0 * * *", timeZone: "Odd/Zone" },
  };
  it.each(
    rows([
      // What was taken once stays.
      [{ spec: { timeZone: null } }],
      [
        {},
        'Invalid spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule',
      ],
      [{ spec: { schedule: "@daily" } }],
      [
        { spec: { schedule: "@daily", timeZone: "Other/Zone" } },
        'Invalid spec.timeZone: Invalid value: "Other/Zone": unknown time zone Other/Zone',
      ],
    ]),
  )("are refused on update with $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(cronJobs, old, change)).toEqual(errors);
  });

  it("warn of their name, and of a zone in the schedule that they have still", () => {
    expect(warningsOnCreate(cronJobs, base, { metadata: { name: "a.b" } })).toEqual([
      "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ]);
    expect(warningsOnUpdate(cronJobs, old, {})).toEqual([
      "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
    ]);
  });

  it("show their rows", () => {
    const cronJob = createdFrom(cronJobs, base, { spec: { suspend: true, timeZone: "Asia/Tokyo" } });
    const nowMs = Date.parse("2024-05-01T11:02:05Z");
    const rowOf = () => toTable(cronJobs, [cronJob], { nowMs }).rows[0]!.cells;
    const rest = ["2m5s", "c", "i:1", "<none>"];
    expect(rowOf()).toEqual(["backup", "0 3 * * *", "Asia/Tokyo", "True", 0, "<none>", ...rest]);
    cronJob.spec.timeZone = undefined;
    cronJob.status = { active: [{ name: "backup-1" }], lastScheduleTime: "2024-05-01T11:01:35Z" };
    expect(rowOf()).toEqual(["backup", "0 3 * * *", "<none>", "True", 1, "30s", ...rest]);
  });
});
