import type { Container, Pod } from "../api/index.ts";
import { podRequests, type Resources, scoringRequests } from "./resources.ts";

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** What scheduling needs of a pod, worked out once. */
export interface PodInfo {
  pod: Pod;
  priority: number;
  requests: Resources;
  /** Requests for rating, with assumed minimums. */
  scoring: { cpu: number; memory: number };
  hostPorts: readonly HostPort[];
  hasPodAffinity: boolean;
}

const known = new WeakMap<Pod, PodInfo>();

/** The pod's figures; objects of informers are frozen, so they hold for as long as the object lives. */
export function podInfoOf(pod: Pod): PodInfo {
  let info = known.get(pod);
  if (!info) {
    const { affinity } = pod.spec;
    info = {
      pod,
      priority: pod.spec.priority ?? 0,
      requests: podRequests(pod),
      scoring: scoringRequests(pod),
      hostPorts: hostPortsOf(pod),
      hasPodAffinity: affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined,
    };
    known.set(pod, info);
  }
  return info;
}

/** Host ports that a pod takes on its node. */
function hostPortsOf(pod: Pod): HostPort[] {
  const ports: HostPort[] = [];
  const sidecars = (pod.spec.initContainers ?? []).filter((one: Container) => one.restartPolicy === "Always");
  for (const container of [...(pod.spec.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (port.hostPort)
        ports.push({ ip: port.hostIP || "0.0.0.0", protocol: port.protocol ?? "TCP", port: port.hostPort });
    }
  }
  return ports;
}
