import { labelSelectorFrom } from "../../../formats/index.ts";
import { goLabelSelector, goStringMap, invalid, required } from "../field-error.ts";
import type { Job } from "../generated/types.ts";
import { validateLabelSelector } from "../meta/label-selector.ts";
import type { FieldError } from "../types.ts";

const JOB_NAME = "batch.kubernetes.io/job-name";
const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
/** The same without a domain, from before there were such names. */
const OLD_JOB_NAME = "job-name";
const OLD_CONTROLLER_UID = "controller-uid";

/** Labels of a job's pods that no other job's bear, and the selector for them; what the client set stays. */
export function generateSelector({ metadata, spec }: Job): void {
  spec.template.metadata ??= {};
  spec.template.metadata.labels ??= {};
  // In place: where the job has no labels of its own these are the job's, too.
  const { labels } = spec.template.metadata;
  for (const key of [OLD_JOB_NAME, JOB_NAME]) labels[key] ??= metadata.name ?? "";
  for (const key of [OLD_CONTROLLER_UID, CONTROLLER_UID]) labels[key] ??= metadata.uid;
  spec.selector ??= {};
  spec.selector.matchLabels ??= {};
  spec.selector.matchLabels[CONTROLLER_UID] ??= metadata.uid;
}

/** A generated selector selects by the job's own labels, which the template has (batch validateGeneratedSelector). */
export function validateGeneratedSelector({ metadata, spec }: Job, previous?: Job): FieldError[] {
  if (spec.manualSelector || spec.selector === undefined) return [];
  const { uid, name = "" } = metadata as Partial<Job["metadata"]> & { uid: string };
  const old = { [OLD_CONTROLLER_UID]: uid, [OLD_JOB_NAME]: name };
  const expected = hasNewLabels(previous) ? { ...old, [CONTROLLER_UID]: uid, [JOB_NAME]: name } : old;
  const errors = Object.entries(expected).flatMap(([key, value]) => validateHasLabel(spec, key, value));
  if (!isUsable(spec.selector) || labelSelectorFrom(spec.selector).matches(expected)) return errors;
  return [
    ...errors,
    invalid("spec.selector", goLabelSelector(spec.selector), "`selector` not auto-generated"),
  ];
}

/** Jobs from before there were labels with a domain need not get them. */
function hasNewLabels(previous: Job | undefined): boolean {
  if (previous === undefined) return true;
  const labels = previous.spec.template.metadata?.labels ?? {};
  return JOB_NAME in labels && CONTROLLER_UID in labels;
}

function validateHasLabel({ template }: Job["spec"], key: string, value: string): FieldError[] {
  const path = `spec.template.metadata.labels[${key}]`;
  const labels = template.metadata?.labels;
  const why = `must be '${value}'`;
  if (labels?.[key] === undefined) return [required(path, why)];
  return labels[key] === value ? [] : [invalid(path, goStringMap(labels), why)];
}

export function isUsable(selector: Job["spec"]["selector"]): boolean {
  return validateLabelSelector(selector, "").length === 0;
}
