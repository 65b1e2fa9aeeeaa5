import { invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";

interface Counts {
  replicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
}

/** In a status no part of the replicas is more than all of them, and none is available that is not ready. */
export function validateReplicaCounts<T extends Counts>(
  status: T,
  parts: readonly (keyof T & string)[],
  readyName = "readyReplicas",
): FieldError[] {
  const all = status.replicas ?? 0;
  const errors = parts.flatMap((field) => {
    const count = (status[field] as number | undefined) ?? 0;
    return count > all ? [invalid(`status.${field}`, count, "cannot be greater than status.replicas")] : [];
  });
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0))
    errors.push(invalid("status.availableReplicas", available, `cannot be greater than ${readyName}`));
  return errors;
}
