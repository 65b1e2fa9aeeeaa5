import { errorMessage } from "../../../base/index.ts";
import { formatLabelSelector, parseCronSchedule, timeZoneProblem } from "../../../formats/index.ts";
import { warningsOfName } from "../apps/warnings.ts";
import { ageColumn, containerColumns, integerColumn, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import { goLabelSelector, invalid, nonNegative, notSupported, oneOf, required } from "../field-error.ts";
import type { CronJob, CronJobSpec, JobSpec, JobTemplateSpec, PodTemplateSpec } from "../generated/types.ts";
import { ageOf } from "../meta/age.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { validateJobSpec, warningsOfJobSpec } from "./job-spec.ts";

export const cronJobs: KindDefinition<CronJob> = {
  group: "batch",
  version: "v1",
  kind: "CronJob",
  resource: "cronjobs",
  singular: "cronjob",
  shortNames: ["cj"],
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.batch.v1.CronJob",
  hasStatus: true,
  statusTellsOfMetadata: "nothing",
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  takesOldMetadata: true,
  defaults,
  validate,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  columns: [
    nameColumn,
    textColumn("Schedule", ({ spec }: CronJob) => spec.schedule),
    textColumn("Timezone", ({ spec }: CronJob) => spec.timeZone ?? "<none>"),
    { name: "Suspend", type: "boolean", cell: ({ spec }: CronJob) => suspendText(spec.suspend) },
    integerColumn("Active", ({ status }: CronJob) => status?.active?.length ?? 0),
    textColumn("Last Schedule", ({ status }: CronJob, { nowMs }) =>
      status?.lastScheduleTime ? ageOf(status.lastScheduleTime, nowMs) : "<none>",
    ),
    ageColumn,
    ...containerColumns((cronJob) => cronJob.spec.jobTemplate.spec?.template?.spec?.containers ?? []),
    textColumn("Selector", ({ spec }: CronJob) => formatLabelSelector(spec.jobTemplate.spec?.selector), {
      wide: true,
    }),
  ],
};

function suspendText(suspend: boolean | undefined): string {
  if (suspend === undefined) return "<unset>";
  return suspend ? "True" : "False";
}

function defaults(cronJob: CronJob): void {
  cronJob.spec ??= {} as CronJobSpec;
  const { spec } = cronJob;
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata = { creationTimestamp: null, ...spec.jobTemplate.metadata };
  // The job's own defaults are for the jobs that are made of this.
  spec.jobTemplate.spec ??= {} as JobSpec;
  spec.jobTemplate.spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(spec.jobTemplate.spec.template);
}

const POLICIES = ["Allow", "Forbid", "Replace"];
/** The name of a job of it has a dash and the time in minutes behind, and 63 characters at the most. */
const MAX_NAME = 52;

function validate({ metadata, spec }: CronJob, previous?: CronJob): FieldError[] {
  const errors = [
    ...validateSchedule(spec, previous?.spec),
    ...nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds),
    ...(previous && previous.spec.timeZone === spec.timeZone ? [] : validateTimeZone(spec.timeZone)),
    ...oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, POLICIES),
    ...validateJobTemplate(spec.jobTemplate, "spec.jobTemplate.spec"),
    ...nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
    ...nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit),
  ];
  if (!previous && metadata.name?.length > MAX_NAME)
    errors.push(invalid("metadata.name", metadata.name, `must be no more than ${MAX_NAME} characters`));
  return errors;
}

/** A zone in the schedule is taken only where there was one before. */
function validateSchedule(
  { schedule, timeZone }: CronJobSpec,
  previous: CronJobSpec | undefined,
): FieldError[] {
  const path = "spec.schedule";
  if (!schedule) return [required(path)];
  const errors: FieldError[] = [];
  try {
    parseCronSchedule(schedule);
  } catch (error) {
    errors.push(invalid(path, schedule, errorMessage(error)));
  }
  if (!schedule.includes("TZ")) return errors;
  if (!previous?.schedule.includes("TZ"))
    errors.push(invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  else if (timeZone !== undefined)
    errors.push(invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  return errors;
}

/** A part of a zone's name (https://data.iana.org/time-zones/theory.html#naming). */
const zonePart = /^(?!-|\.\.?$)[A-Za-z.\-_0-9+]{1,14}$/;

function validateTimeZone(timeZone: string | undefined): FieldError[] {
  const path = "spec.timeZone";
  if (timeZone === undefined) return [];
  if (timeZone === "") return [invalid(path, timeZone, "timeZone must be nil or non-empty string")];
  if (!timeZone.split("/").every((part) => zonePart.test(part)))
    return [invalid(path, timeZone, `unknown time zone ${timeZone}`)];
  const errors: FieldError[] = [];
  if (timeZone.toLowerCase() === "local") {
    const why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    errors.push(invalid(path, timeZone, why));
  }
  const why = timeZoneProblem(timeZone);
  return why === undefined ? errors : [...errors, invalid(path, timeZone, why)];
}

/** The selector of its jobs is always generated. */
function validateJobTemplate({ spec }: JobTemplateSpec, path: string): FieldError[] {
  const errors = validateJobSpec(spec!, path);
  const { selector, manualSelector } = spec!;
  if (selector !== undefined)
    errors.push(invalid(`${path}.selector`, goLabelSelector(selector), "`selector` will be auto-generated"));
  if (manualSelector) errors.push(notSupported(`${path}.manualSelector`, true, ["nil", "false"]));
  return errors;
}

function warnings({ metadata, spec }: CronJob, previous?: CronJob): string[] {
  const ofJob = () => warningsOfJobSpec(spec.jobTemplate.spec!, "spec.jobTemplate.spec");
  if (previous === undefined) return [...warningsOfName(metadata.name), ...ofJob()];
  const list = previous.metadata.generation === metadata.generation ? [] : ofJob();
  if (!spec.schedule.includes("TZ")) return list;
  // The path is upstream's own slip.
  const why =
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
  return [...list, why];
}

function prepareForCreate(cronJob: CronJob): void {
  cronJob.status = {};
  dropDisabledTemplateFields(cronJob.spec.jobTemplate.spec?.template);
}

function prepareForUpdate(next: CronJob, previous: CronJob): void {
  keepStatus(next, previous);
  dropDisabledTemplateFields(next.spec.jobTemplate.spec?.template, previous.spec.jobTemplate.spec?.template);
}
