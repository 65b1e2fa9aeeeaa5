import type { Condition, PodDisruptionBudget, PodDisruptionBudgetStatus } from "../generated/types.ts";
import { withStatusCondition } from "../meta/set-condition.ts";

const TYPE = "DisruptionAllowed";

function verdictOf(disruptionsAllowed: number): Pick<Condition, "status" | "reason"> {
  return disruptionsAllowed > 0
    ? { status: "True", reason: "SufficientPods" }
    : { status: "False", reason: "InsufficientPods" };
}

/** A budget's conditions as its numbers want them (component-helpers poddisruptionbudget). */
export function disruptionAllowedConditions(status: PodDisruptionBudgetStatus, now: string): Condition[] {
  const { conditions, disruptionsAllowed, observedGeneration } = status;
  const verdict = verdictOf(disruptionsAllowed);
  return withStatusCondition(conditions, { type: TYPE, ...verdict, observedGeneration, message: "" }, now);
}

/** Its conditions where the numbers could not be found out, and why. */
export function disruptionSyncFailed(
  { conditions, observedGeneration }: PodDisruptionBudgetStatus,
  message: string,
  now: string,
): Condition[] {
  const verdict = { status: "False", reason: "SyncFailed", observedGeneration, message };
  return withStatusCondition(conditions, { type: TYPE, ...verdict }, now);
}

/** Whether the conditions say what the numbers of this generation say. */
export function tellsDisruptionAllowed({ metadata, status }: PodDisruptionBudget): boolean {
  const known = status?.conditions?.find(({ type }) => type === TYPE);
  if (!known || !status || status.observedGeneration !== metadata.generation) return false;
  const { status: value, reason } = verdictOf(status.disruptionsAllowed);
  return known.status === value && known.reason === reason;
}
