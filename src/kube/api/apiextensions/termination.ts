import type { CustomResourceDefinition } from "../generated/types.ts";
import { type Condition, setCondition } from "./conditions.ts";

/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

const terminating = (status: "True" | "False", reason: string, message: string): Condition => ({
  type: "Terminating",
  status,
  reason,
  message,
});

/** How far the end of a definition has come (apiextensions-apiserver controller/finalizer). */
export const TERMINATION = {
  pending: terminating(
    "True",
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  ),
  inProgress: terminating("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress"),
  completed: terminating("False", "InstanceDeletionCompleted", "removed all instances"),
  neverEstablished: terminating("False", "NeverEstablished", "resource was never established"),
  overlapping: terminating(
    "False",
    "OverlappingBuiltInResource",
    "instances overlap with built-in resources in storage",
  ),
} as const satisfies Record<string, Condition>;

/** `what` failed: the definition stays, and the deletion is tried again. */
export function terminationFailed(what: "list" | "delete" | "check", why: string): Condition {
  const messages = {
    list: `could not list instances: ${why}`,
    delete: `could not issue all deletes: ${why}`,
    check: `could not confirm zero CustomResources remaining: ${why}`,
  };
  const reason = what === "check" ? "InstanceDeletionCheck" : "InstanceDeletionFailed";
  return terminating("True", reason, messages[what]);
}

/** What the first delete of a definition makes of it, in place. `now` is a metav1.Time. */
export function markForDeletion(definition: CustomResourceDefinition, now: string): void {
  const { metadata } = definition;
  metadata.deletionTimestamp ??= now;
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(CLEANUP_FINALIZER)) metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
  setCondition(definition, TERMINATION.pending, now);
}

/** Lets go of a definition whose objects are gone, in place. */
export function releaseDefinition(
  definition: CustomResourceDefinition,
  condition: Condition,
  now: string,
): void {
  setCondition(definition, condition, now);
  const { metadata } = definition;
  metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
}
