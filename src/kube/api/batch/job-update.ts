import { cloneJson, jsonEquals } from "../../../formats/index.ts";
import { goLabelSelector, IMMUTABLE, invalid } from "../field-error.ts";
import type { Job, JobSpec, PodSpec, PodTemplateSpec } from "../generated/types.ts";
import { goStructOf } from "../go-struct.ts";
import type { FieldError } from "../types.ts";
import { isIndexed } from "./job-spec.ts";

/** What an update of a job may not change (batch ValidateJobSpecUpdate). */
export function validateJobChanges({ spec: next }: Job, { spec: previous, status }: Job): FieldError[] {
  // Where the pods of a job that waits may run is open until it has started once.
  const isOpen = previous.suspend === true && status?.startTime === undefined;
  const template = isOpen ? withOpenFields(previous.template, next.template) : previous.template;
  return [
    ...validateCompletions(next, previous),
    ...fixed("selector", next.selector, previous.selector, next.selector && goLabelSelector(next.selector)),
    ...fixed("template", next.template, template, goStructOf("core.PodTemplateSpec", next.template)),
    ...fixed("completionMode", next.completionMode, previous.completionMode),
    ...fixed(
      "podFailurePolicy",
      next.podFailurePolicy,
      previous.podFailurePolicy,
      goStructOf("batch.PodFailurePolicy", next.podFailurePolicy),
    ),
    ...fixed("backoffLimitPerIndex", next.backoffLimitPerIndex, previous.backoffLimitPerIndex),
    ...fixed("managedBy", next.managedBy, previous.managedBy),
    ...fixed(
      "successPolicy",
      next.successPolicy,
      previous.successPolicy,
      goStructOf("batch.SuccessPolicy", next.successPolicy),
    ),
  ];
}

function fixed(field: keyof JobSpec, next: unknown, previous: unknown, shown: unknown = next): FieldError[] {
  return jsonEquals(next, previous) ? [] : [invalid(`spec.${field}`, shown, IMMUTABLE)];
}

/** Of an indexed job they may change along with the parallelism. */
function validateCompletions(next: JobSpec, previous: JobSpec): FieldError[] {
  const { completions, parallelism } = next;
  if (!isIndexed(next)) return fixed("completions", completions, previous.completions);
  if (completions === undefined || completions === previous.completions || completions === parallelism)
    return [];
  return [invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")];
}

/** The old template with all that may change as it is in the new one. */
function withOpenFields(previous: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const template = cloneJson(previous);
  for (const field of ["annotations", "labels"] as const) take(template.metadata!, next.metadata!, field);
  const [to, from] = [template.spec!, next.spec!];
  for (const field of ["nodeSelector", "tolerations", "schedulingGates"] as const) take(to, from, field);
  const { nodeAffinity: _, ...others } = to.affinity ?? {};
  if (from.affinity) to.affinity = { ...others, ...nodeAffinityOf(from) };
  else if (Object.keys(others).length > 0) to.affinity = others;
  else delete to.affinity;
  return template;
}

const nodeAffinityOf = ({ affinity }: PodSpec) =>
  affinity?.nodeAffinity === undefined ? {} : { nodeAffinity: affinity.nodeAffinity };

function take<T, K extends keyof T>(to: T, from: T, field: K): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = from[field];
}
