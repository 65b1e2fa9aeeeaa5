import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from "../generated/types.ts";

export type ConditionType =
  | "NamesAccepted"
  | "Established"
  | "Terminating"
  | "NonStructuralSchema"
  | "KubernetesAPIApprovalPolicyConformant";

export type Condition = Pick<CustomResourceDefinitionCondition, "status" | "reason" | "message"> & {
  type: ConditionType;
};

export function findCondition(
  { status }: CustomResourceDefinition,
  type: ConditionType,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(definition: CustomResourceDefinition, type: ConditionType): boolean {
  return findCondition(definition, type)?.status === "True";
}

/** Whether a condition says that already. */
export function isSameCondition(
  known: CustomResourceDefinitionCondition | undefined,
  { status, reason, message }: Condition,
): boolean {
  return (
    known?.status === status &&
    (known.reason ?? "") === (reason ?? "") &&
    (known.message ?? "") === (message ?? "")
  );
}

/** Sets a condition in place; the time is that of its last change of status. `now` is a metav1.Time. */
export function setCondition(definition: CustomResourceDefinition, condition: Condition, now: string): void {
  const known = findCondition(definition, condition.type);
  if (known === undefined) {
    const others = definition.status?.conditions ?? [];
    definition.status = {
      ...definition.status,
      conditions: [...others, { ...condition, lastTransitionTime: now }],
    };
    return;
  }
  if (known.status !== condition.status || !known.lastTransitionTime) known.lastTransitionTime = now;
  Object.assign(known, condition);
}

export function removeCondition({ status }: CustomResourceDefinition, type: ConditionType): void {
  if (status?.conditions) status.conditions = status.conditions.filter((one) => one.type !== type);
}
