import type { Pod, PodCondition } from "../../generated/types.ts";

export function podCondition({ status }: Pick<Pod, "status">, type: string): PodCondition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}

/** The pod's conditions with this one set; its time is that of the last change of status. `now` is a metav1.Time. */
export function withPodCondition(
  { status }: Pick<Pod, "status">,
  condition: Omit<PodCondition, "lastTransitionTime">,
  now: string,
): PodCondition[] {
  const conditions = [...(status?.conditions ?? [])];
  const index = conditions.findIndex((one) => one.type === condition.type);
  const known = conditions[index];
  const isChanged = known?.status !== condition.status;
  const next = { ...condition, lastTransitionTime: isChanged ? now : known?.lastTransitionTime };
  conditions.splice(index < 0 ? conditions.length : index, 1, next);
  return conditions;
}
