import type { SchedulingPlugin } from "../framework.ts";
import { type HostPort, hostPortsOf } from "../node-info.ts";

const ANY = "0.0.0.0";

function clash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY);
}

/** Two pods cannot have the same host port on one node. */
export const nodePorts: SchedulingPlugin<HostPort[]> = {
  name: "NodePorts",
  prepare: (pod) => {
    const ports = hostPortsOf(pod);
    return ports.length === 0 ? "skip" : ports;
  },
  filter: (_pod, node, wanted) => {
    for (const other of node.pods.values()) {
      const taken = hostPortsOf(other);
      if (wanted.some((port) => taken.some((one) => clash(port, one)))) {
        return [{ reason: "node(s) didn't have free ports for the requested pod ports" }];
      }
    }
    return [];
  },
};
