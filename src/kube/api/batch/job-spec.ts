import { Buffer } from "node:buffer";
import { validatePodTemplate } from "../core/pod/validate.ts";
import { warningsOfTemplate } from "../core/pod/warnings.ts";
import { invalid, nonNegative, notSupported, required, tooLong } from "../field-error.ts";
import type { JobSpec } from "../generated/types.ts";
import { goStructOf } from "../go-struct.ts";
import { validateDomainPrefixedPath } from "../meta/domain-name.ts";
import type { FieldError } from "../types.ts";
import {
  validatePodFailurePolicy,
  validatePodReplacementPolicy,
  validateSuccessPolicy,
} from "./job-policies.ts";

const MAX_MANAGED_BY_BYTES = 63;
/** Bounds of what a status has to say of the indexes of a job with very many of them. */
const MANY = 100_000;
const MANY_AT_ONCE = 10_000;

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** A job's spec, of its own or in a CronJob, but for the selector (batch validateJobSpec). */
export function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  return [
    ...COUNTS.flatMap((field) => nonNegative(`${path}.${field}`, spec[field])),
    ...(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
      ? [required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified")]
      : []),
    ...validateManagedBy(spec.managedBy, `${path}.managedBy`),
    ...validateCompletionMode(spec, path),
    ...(spec.podFailurePolicy ? validatePodFailurePolicy(spec, `${path}.podFailurePolicy`) : []),
    ...validateSuccess(spec, `${path}.successPolicy`),
    ...validatePodReplacementPolicy(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template, `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function validateManagedBy(manager: string | undefined, path: string): FieldError[] {
  if (manager === undefined) return [];
  const errors = validateDomainPrefixedPath(manager, path);
  return Buffer.byteLength(manager) > MAX_MANAGED_BY_BYTES
    ? [...errors, tooLong(path, MAX_MANAGED_BY_BYTES)]
    : errors;
}

export const isIndexed = ({ completionMode }: JobSpec) => completionMode === "Indexed";

function validateCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (isIndexed(spec)) return validateIndexed(spec, path);
  if (completionMode !== undefined && completionMode !== "NonIndexed")
    return [notSupported(`${path}.completionMode`, completionMode, ["NonIndexed", "Indexed"])];
  return Object.entries({ backoffLimitPerIndex, maxFailedIndexes }).flatMap(([field, value]) =>
    value === undefined ? [] : [invalid(`${path}.${field}`, value, "requires indexed completion mode")],
  );
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, maxFailedIndexes: failed, parallelism = 0 } = spec;
  const errors: FieldError[] = [];
  const ofParallelism = `${path}.parallelism`;
  const ofFailed = `${path}.maxFailedIndexes`;
  if (completions === undefined)
    errors.push(required(`${path}.completions`, "when completion mode is Indexed"));
  if (parallelism > MANY) {
    const why = `must be less than or equal to ${MANY} when completion mode is Indexed`;
    errors.push(invalid(ofParallelism, parallelism, why));
  }
  if (completions !== undefined && failed !== undefined && failed > completions)
    errors.push(invalid(ofFailed, failed, "must be less than or equal to completions"));
  if (failed !== undefined && failed > MANY)
    errors.push(invalid(ofFailed, failed, `must be less than or equal to ${MANY}`));
  if (completions === undefined || completions <= MANY || spec.backoffLimitPerIndex === undefined)
    return errors;
  const why = `must be less than or equal to ${MANY_AT_ONCE} when completions are above ${MANY} and used with backoff limit per index`;
  if (failed === undefined)
    errors.push(required(ofFailed, `must be specified when completions is above ${MANY}`));
  if (parallelism > MANY_AT_ONCE) errors.push(invalid(ofParallelism, parallelism, why));
  if (failed !== undefined && failed > MANY_AT_ONCE) errors.push(invalid(ofFailed, failed, why));
  return errors;
}

function validateSuccess(spec: JobSpec, path: string): FieldError[] {
  const { successPolicy } = spec;
  if (successPolicy === undefined) return [];
  if (isIndexed(spec)) return validateSuccessPolicy(spec, path);
  const shown = goStructOf("batch.SuccessPolicy", successPolicy);
  return [invalid(path, shown, "requires indexed completion mode")];
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  const policy = template.spec?.restartPolicy ?? "";
  switch (policy) {
    case "":
    case "Always":
      return [required(path, 'valid values: "OnFailure", "Never"')];
    case "Never":
      return [];
    case "OnFailure":
      return podFailurePolicy
        ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
        : [];
    default:
      return [notSupported(path, policy, ["OnFailure", "Never"])];
  }
}

/** `WarningsForJobSpec`. */
export function warningsOfJobSpec(spec: JobSpec, path: string): string[] {
  const { completions = 0, parallelism = 0 } = spec;
  const isMany = isIndexed(spec) && completions > MANY && parallelism > MANY_AT_ONCE;
  return [
    ...(isMany
      ? [
          `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...warningsOfTemplate(spec.template, `${path}.template`),
  ];
}
