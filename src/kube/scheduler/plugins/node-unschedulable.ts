import { toleratesTaint } from "../../api/index.ts";
import type { Refusal, SchedulingPlugin } from "../framework.ts";

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" as const };
const REFUSED: readonly Refusal[] = [{ reason: "node(s) were unschedulable", unresolvable: true }];

/** A cordoned node takes no new pods but those that tolerate its taint. */
export const nodeUnschedulable: SchedulingPlugin = {
  name: "NodeUnschedulable",
  wokenBy: ["node"],
  filter: (pod, { node }) => {
    if (!node.spec?.unschedulable) return undefined;
    const tolerated = (pod.spec.tolerations ?? []).some((one) => toleratesTaint(one, TAINT));
    return tolerated ? undefined : REFUSED;
  },
};
