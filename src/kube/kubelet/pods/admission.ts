import type { KubeObject } from "../../api/types.ts";
import { podRequests } from "../containers/resources.ts";
import { matchesNodeSelector } from "../node-selector.ts";
import type { Container, Pod, Taint, Toleration } from "../pod-types.ts";

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
  node: KubeObject | undefined,
  allocatable: Allocatable,
): Rejection | undefined {
  const present = [...others];
  if (node) {
    const { nodeSelector, affinity } = pod.spec;
    if (!matchesNodeSelector(node, nodeSelector, affinity?.nodeAffinity)) {
      return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
    }
    if (hasUntoleratedTaint(node.spec?.taints ?? [], pod.spec.tolerations ?? [])) {
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
function hasUntoleratedTaint(taints: Taint[], tolerations: Toleration[]): boolean {
  return taints.some(
    (taint) =>
      taint.effect === "NoExecute" && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === "Exists") return true;
  return toleration.key !== undefined && (toleration.value ?? "") === (taint.value ?? "");
}
