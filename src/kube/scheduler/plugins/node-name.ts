import type { Refusal, SchedulingPlugin } from "../framework.ts";

const REFUSED: readonly Refusal[] = [
  { reason: "node(s) didn't match the requested node name", unresolvable: true },
];

/** A pod that names its node fits only there. */
export const nodeName: SchedulingPlugin<string> = {
  name: "NodeName",
  wokenBy: ["node"],
  mayHelp: ({ spec }, event) => event.type === "node" && event.node?.metadata.name === spec.nodeName,
  prepare: (pod) => pod.spec.nodeName || "skip",
  filter: (_pod, node, name) => (name === node.name ? undefined : REFUSED),
};
