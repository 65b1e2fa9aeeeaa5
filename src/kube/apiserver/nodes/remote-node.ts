import type { NodeReader, NodeUsage, UsageFigures } from "../../client/node-access.ts";
import { logPath } from "./kubelet-paths.ts";
import type { Kubelets } from "./kubelets.ts";

/** Over which time kubelets measure the use of processors (cAdvisor's housekeeping). */
const WINDOW_MS = 10_000;

/** stats/v1alpha1, as far as it is read here. */
interface Measured {
  cpu?: { time: string; usageNanoCores?: number };
  memory?: { workingSetBytes?: number };
}
interface Summary {
  node?: Measured;
  pods?: { podRef: { uid: string }; containers?: ({ name: string } & Measured)[] }[];
}

/** What another machine's kubelet tells. */
export function remoteNode(kubelets: Kubelets): NodeReader {
  return {
    logs: (target, options, signal) => kubelets.get(target.nodeName, logPath(target, options), signal),
    async usage(nodeName) {
      // Who does not answer is left out of the metrics.
      const summary = await kubelets
        .json(nodeName, "/stats/summary?only_cpu_and_memory=true")
        .catch(() => undefined);
      return summary === undefined ? undefined : usageOf(summary as Summary);
    },
  };
}

function usageOf({ node = {}, pods = [] }: Summary): NodeUsage {
  const measured = pods.map(({ podRef, containers = [] }) => ({
    uid: podRef.uid,
    all: containers.length,
    containers: containers.flatMap((one) => {
      const figures = figuresOf(one);
      return figures ? [{ name: one.name, ...figures }] : [];
    }),
  }));
  return {
    node: figuresOf(node),
    pods: measured.filter(({ all, containers }) => containers.length === all && all > 0),
  };
}

function figuresOf({ cpu, memory }: Measured): UsageFigures | undefined {
  if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) return undefined;
  const { time, usageNanoCores: cpuNanoCores } = cpu;
  return {
    readAtMs: Date.parse(time),
    windowMs: WINDOW_MS,
    cpuNanoCores,
    memoryWorkingSetBytes: memory.workingSetBytes,
  };
}
