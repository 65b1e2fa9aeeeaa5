import { labelSelectorFrom } from "../../../formats/index.ts";
import type { LabelSelector, Pod, PodDisruptionBudget } from "../../api/index.ts";
import type { PodInfo } from "../pod-info.ts";

/** Which of the pods could not go together without violating a budget; both lists keep the order. */
export function splitByBudgets(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const allowed = new Map(budgets.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const info of pods) {
    let isViolated = false;
    for (const budget of budgets) {
      if (!protects(budget, info.pod)) continue;
      const left = allowed.get(budget)! - 1;
      allowed.set(budget, left);
      isViolated ||= left < 0;
    }
    (isViolated ? violating : others).push(info);
  }
  return { violating, others };
}

/** One that has been evicted is counted as gone already. A budget that selects everything protects nothing here. */
function protects({ metadata, spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const { namespace, name, labels = {} } = pod.metadata;
  if (metadata.namespace !== namespace || Object.keys(labels).length === 0) return false;
  if (isEmpty(spec.selector) || status?.disruptedPods?.[name] !== undefined) return false;
  return labelSelectorFrom(spec.selector).matches(labels);
}

function isEmpty(selector: LabelSelector | undefined): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}
