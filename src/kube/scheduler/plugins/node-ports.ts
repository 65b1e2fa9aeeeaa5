import type { Refusal, SchedulingPlugin } from "../framework.ts";
import { type HostPort, podInfoOf } from "../pod-info.ts";

const ANY = "0.0.0.0";
const REFUSED: readonly Refusal[] = [
  { reason: "node(s) didn't have free ports for the requested pod ports" },
];

function clash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY);
}

/** Two pods cannot have the same host port on one node. */
export const nodePorts: SchedulingPlugin<readonly HostPort[]> = {
  name: "NodePorts",
  wokenBy: ["pod-gone"],
  mayHelp: (pod, event) =>
    event.type === "pod-gone" &&
    podInfoOf(event.pod).hostPorts.some((port) => podInfoOf(pod).hostPorts.some((one) => clash(port, one))),
  prepare: (pod) => {
    const { hostPorts } = podInfoOf(pod);
    return hostPorts.length === 0 ? "skip" : hostPorts;
  },
  filter: (_pod, node, wanted) => {
    for (const { hostPorts } of node.podsWithHostPorts) {
      if (wanted.some((port) => hostPorts.some((one) => clash(port, one)))) return REFUSED;
    }
    return undefined;
  },
};
