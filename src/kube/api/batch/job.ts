import {
  formatLabelSelector,
  isDns1123Label,
  isLabelValue,
  labelSelectorFrom,
} from "../../../formats/index.ts";
import { mismatch } from "../apps/selector-and-template.ts";
import { warningsOfName } from "../apps/warnings.ts";
import { ageColumn, containerColumns, nameColumn, textColumn } from "../columns.ts";
import { setPodTemplateDefaults } from "../core/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../core/pod/disabled-fields.ts";
import { invalid, required } from "../field-error.ts";
import type { Job, JobSpec, PodTemplateSpec } from "../generated/types.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import type { FieldError, KindDefinition } from "../types.ts";
import { completionsText, durationText, statusText } from "./job-columns.ts";
import { generateSelector, isUsable, validateGeneratedSelector } from "./job-selector.ts";
import { isIndexed, validateJobSpec, warningsOfJobSpec } from "./job-spec.ts";
import { validateJobStatusUpdate } from "./job-status.ts";
import { validateJobChanges } from "./job-update.ts";

export const jobs: KindDefinition<Job> = {
  group: "batch",
  version: "v1",
  kind: "Job",
  resource: "jobs",
  singular: "job",
  categories: ["all"],
  namespaced: true,
  model: "io.k8s.api.batch.v1.Job",
  hasStatus: true,
  tracksGeneration: true,
  allowUnconditionalUpdate: true,
  orphansByDefault: true,
  orphansWarning:
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  warnings,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: keepSpec,
  selectableFields: ({ status }) => ({ "status.successful": String(status?.succeeded ?? 0) }),
  unknownFieldText: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  columns: [
    nameColumn,
    textColumn("Status", statusText),
    textColumn("Completions", completionsText),
    textColumn("Duration", (job: Job, { nowMs }) => durationText(job, nowMs)),
    ageColumn,
    ...containerColumns((job) => job.spec.template?.spec?.containers ?? []),
    textColumn("Selector", ({ spec }: Job) => formatLabelSelector(spec.selector), { wide: true }),
  ],
};

const MAX_INT32 = 2 ** 31 - 1;

function defaults(job: Job): void {
  job.spec ??= {} as JobSpec;
  const { spec, metadata } = job;
  if (spec.parallelism === undefined) spec.completions ??= 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : MAX_INT32;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
  spec.template ??= {} as PodTemplateSpec;
  setPodTemplateDefaults(spec.template);
  const { labels } = spec.template.metadata!;
  // The same map, as upstream: what is generated for the template is the job's as well.
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

function validate(job: Job, previous?: Job): FieldError[] {
  return [
    ...validateGeneratedSelector(job, previous),
    ...validateSpecAndSelector(job.spec),
    ...validateHostNames(job),
  ];
}

/** `ValidateJobSpec`. */
function validateSpecAndSelector(spec: JobSpec): FieldError[] {
  const { selector, template } = spec;
  const ofSelector =
    selector === undefined ? [required("spec.selector")] : validateLabelSelector(selector, "spec.selector");
  const isMatch = !isUsable(selector) || labelSelectorFrom(selector).matches(template.metadata?.labels ?? {});
  return [...validateJobSpec(spec, "spec"), ...ofSelector, ...(isMatch ? [] : [mismatch(template)])];
}

/** The pods of an indexed job are hosts named after it and their index. */
function validateHostNames({ metadata, spec }: Job): FieldError[] {
  const { completions = 0 } = spec;
  if (!isIndexed(spec) || completions <= 0) return [];
  const { name = "" } = metadata as Partial<Job["metadata"]>;
  const longest = `${name}-${completions - 1}`;
  if (isDns1123Label(longest).length === 0) return [];
  const why = `will not able to create pod with invalid DNS label: ${longest}`;
  return [invalid("metadata.name", name, why)];
}

/** Upstream looks at the spec once for any job and once for an update. */
function validateUpdate(next: Job, previous: Job): FieldError[] {
  return [...validateSpecAndSelector(next.spec), ...validateJobChanges(next, previous)];
}

function warnings({ metadata, spec }: Job, previous?: Job): string[] {
  if (previous && previous.metadata.generation === metadata.generation) return [];
  return [...(previous ? [] : warningsOfName(metadata.name)), ...warningsOfJobSpec(spec, "spec")];
}

function prepareForCreate(job: Job): void {
  if (!job.spec.manualSelector) generateSelector(job);
  job.status = {};
  dropDisabledTemplateFields(job.spec.template);
  takeGeneratedLabels(job);
}

/** As upstream's defaults do when they see the stored job; of a name that is no label, which is refused, nothing more is told. */
function takeGeneratedLabels({ metadata, spec }: Job): void {
  const { labels } = spec.template.metadata!;
  const isNew = Object.keys(metadata.labels ?? {}).length === 0;
  if (isNew && labels !== undefined && isLabelValue(metadata.name ?? "").length === 0)
    metadata.labels = { ...labels };
}

function prepareForUpdate(next: Job, previous: Job): void {
  keepStatus(next, previous);
  dropDisabledTemplateFields(next.spec.template, previous.spec.template);
}
