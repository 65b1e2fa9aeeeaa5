import type { SchedulingPlugin } from "../framework.ts";

/** A pod that names its node fits only there. */
export const nodeName: SchedulingPlugin = {
  name: "NodeName",
  filter: (pod, node) =>
    pod.spec.nodeName && pod.spec.nodeName !== node.name
      ? [{ reason: "node(s) didn't match the requested node name", unresolvable: true }]
      : [],
};
