import type { PodResizeCondition } from "../status/pod-conditions.ts";

/** How far a pod's resize is, between two looks at the pod. */
export interface ResizeState {
  /** Why the node does not give what the pod asks for. */
  pending: { reason: "Deferred" | "Infeasible"; message: string } | undefined;
  /** Containers run with other resources than they are promised. */
  isInProgress: boolean;
  /** Why the last try to give them has failed. */
  error: string | undefined;
  /** The pod's own limits are still to be changed. */
  isPodDue: boolean;
}

export function noResize(): ResizeState {
  return { pending: undefined, isInProgress: false, error: undefined, isPodDue: false };
}

/** As the pod's status tells it. */
export function resizeConditions({ pending, isInProgress, error }: ResizeState): PodResizeCondition[] {
  const conditions: PodResizeCondition[] = [];
  if (pending) conditions.push({ type: "PodResizePending", status: "True", ...pending });
  if (isInProgress) {
    const failure = error === undefined ? {} : { reason: "Error", message: error };
    conditions.push({ type: "PodResizeInProgress", status: "True", ...failure });
  }
  return conditions;
}
