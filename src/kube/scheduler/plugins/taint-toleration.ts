import { normalizeToMax, type SchedulingPlugin } from "../framework.ts";

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface Toleration {
  key?: string;
  operator?: "Exists" | "Equal";
  value?: string;
  effect?: string;
}

export function tolerationTolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === "Exists") return true;
  return Boolean(toleration.key) && (toleration.value ?? "") === (taint.value ?? "");
}

/** Keeps pods off nodes whose taints they do not tolerate, and prefers nodes with few soft ones. */
export const taintToleration: SchedulingPlugin = {
  name: "TaintToleration",
  weight: 3,
  filter: (pod, { node }) => {
    const tolerations: Toleration[] = pod.spec.tolerations ?? [];
    const hard = ((node.spec?.taints ?? []) as Taint[]).filter(
      (taint) => taint.effect !== "PreferNoSchedule",
    );
    const taint = hard.find((one) => !tolerations.some((toleration) => tolerationTolerates(toleration, one)));
    if (!taint) return [];
    return [
      { reason: `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`, unresolvable: true },
    ];
  },
  score: (pod, { node }) => {
    const tolerations: Toleration[] = (pod.spec.tolerations ?? []).filter(
      (one: Toleration) => !one.effect || one.effect === "PreferNoSchedule",
    );
    const soft = ((node.spec?.taints ?? []) as Taint[]).filter(
      (taint) => taint.effect === "PreferNoSchedule",
    );
    return soft.filter((taint) => !tolerations.some((one) => tolerationTolerates(one, taint))).length;
  },
  normalize: (_pod, scores) => normalizeToMax(scores, true),
};
