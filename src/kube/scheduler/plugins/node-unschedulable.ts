import type { SchedulingPlugin } from "../framework.ts";
import { tolerationTolerates } from "./taint-toleration.ts";

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" as const };

/** A cordoned node takes no new pods but those that tolerate its taint. */
export const nodeUnschedulable: SchedulingPlugin = {
  name: "NodeUnschedulable",
  filter: (pod, { node }) => {
    if (!node.spec?.unschedulable) return [];
    const tolerated = (pod.spec.tolerations ?? []).some((one: object) => tolerationTolerates(one, TAINT));
    return tolerated ? [] : [{ reason: "node(s) were unschedulable", unresolvable: true }];
  },
};
