import type { Container, Pod } from "../../api/index.ts";
import { type Node, nodeIsSelected, untoleratedTaint } from "../../api/index.ts";
import { podRequests } from "../containers/resources.ts";

export interface Allocatable {
  cpuMilli: number;
  memoryBytes: number;
  pods: number;
}

export interface Rejection {
  reason: string;
  message: string;
}

/**
 * Whether the node takes the pod beside those that it has. The scheduler has asked the same, but its answer may be old,
 * or the pod may have named its node itself. Upstream's reasons and messages; undefined: welcome.
 */
export function admitPod(
  pod: Pod,
  others: Iterable<Pod>,
  node: Node | undefined,
  allocatable: Allocatable,
): Rejection | undefined {
  const present = [...others];
  if (node) {
    if (!nodeIsSelected(pod.spec, node)) {
      return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
    }
    if (untoleratedTaint(node.spec?.taints ?? [], pod.spec.tolerations ?? [], ["NoExecute"])) {
      return failed("TaintToleration", "node(s) had taints that the pod didn't tolerate");
    }
  }
  return insufficient(pod, present, allocatable) ?? portConflict(pod, present);
}

function failed(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${why}` };
}

function insufficient(pod: Pod, present: Pod[], allocatable: Allocatable): Rejection | undefined {
  const wanted = podRequests(pod);
  const used = { cpuMilli: 0, memoryBytes: 0 };
  for (const other of present) {
    const requests = podRequests(other);
    used.cpuMilli += requests.cpuMilli;
    used.memoryBytes += requests.memoryBytes;
  }
  if (present.length + 1 > allocatable.pods) return outOf("pods", 1, present.length, allocatable.pods);
  if (wanted.cpuMilli > 0 && wanted.cpuMilli + used.cpuMilli > allocatable.cpuMilli) {
    return outOf("cpu", wanted.cpuMilli, used.cpuMilli, allocatable.cpuMilli);
  }
  if (wanted.memoryBytes > 0 && wanted.memoryBytes + used.memoryBytes > allocatable.memoryBytes) {
    return outOf("memory", wanted.memoryBytes, used.memoryBytes, allocatable.memoryBytes);
  }
  return undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function portConflict(pod: Pod, present: Pod[]): Rejection | undefined {
  const taken = present.flatMap(hostPorts);
  const conflicts = hostPorts(pod).some((mine) =>
    taken.some(
      (other) =>
        mine.port === other.port &&
        mine.protocol === other.protocol &&
        (mine.ip === other.ip || mine.ip === "0.0.0.0" || other.ip === "0.0.0.0"),
    ),
  );
  return conflicts
    ? failed("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    : undefined;
}

function hostPorts(pod: Pod): { ip: string; port: number; protocol: string }[] {
  const portsOf = ({ ports = [] }: Container) =>
    ports
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ hostIP, hostPort, protocol = "TCP" }) => ({
        ip: hostIP || "0.0.0.0",
        port: hostPort!,
        protocol,
      }));
  return pod.spec.containers.flatMap(portsOf);
}

/** The kubelet enforces NoExecute alone; NoSchedule is the scheduler's. */
