import type { DaemonSet } from "../../api/index.ts";
import { resolveIntOrPercent } from "../deployment/rollout.ts";

function rollingUpdateOf({ spec }: DaemonSet) {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  return type === "RollingUpdate" ? rollingUpdate : undefined;
}

/** How many nodes of `desired` may have a second pod for the time of an update. */
export function surgeOf(set: DaemonSet, desired: number): number {
  return resolveIntOrPercent(rollingUpdateOf(set)?.maxSurge, desired, true);
}

/** How many nodes may be without an available pod; where nothing could ever move, one. */
export function unavailableOf(set: DaemonSet, desired: number): number {
  const count = resolveIntOrPercent(rollingUpdateOf(set)?.maxUnavailable, desired, true);
  return count === 0 && surgeOf(set, desired) === 0 ? 1 : count;
}
