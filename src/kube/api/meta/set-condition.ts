import type { Condition } from "../generated/types.ts";

/** A list of metav1.Condition with one set (apimachinery meta.SetStatusCondition). `now` is a metav1.Time. */
export function withStatusCondition(
  conditions: readonly Condition[] = [],
  condition: Omit<Condition, "lastTransitionTime">,
  now: string,
): Condition[] {
  const next = [...conditions];
  const index = next.findIndex(({ type }) => type === condition.type);
  const known = next[index];
  const lastTransitionTime = known?.status === condition.status ? known.lastTransitionTime : now;
  next.splice(index < 0 ? next.length : index, 1, { ...condition, lastTransitionTime });
  return next;
}
