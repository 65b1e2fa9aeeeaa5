import type { KubeObject } from "../api/types.ts";
import { addResources, podRequests, type Resources, readResources, scoringRequests } from "./resources.ts";

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** Host ports that a pod takes on its node. */
export function hostPortsOf(pod: KubeObject): HostPort[] {
  const ports: HostPort[] = [];
  const containers = [
    ...(pod.spec.containers ?? []),
    ...(pod.spec.initContainers ?? []).filter((one: KubeObject) => one.restartPolicy === "Always"),
  ];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.hostPort)
        ports.push({ ip: port.hostIP || "0.0.0.0", protocol: port.protocol ?? "TCP", port: port.hostPort });
    }
  }
  return ports;
}

/** A node with the sum of what its pods take; changed by the event. */
export class NodeInfo {
  node: KubeObject;
  allocatable: Resources;
  readonly requested: Resources = new Map();
  /** Requests for rating, with assumed minimums. */
  readonly scoring = { cpu: 0, memory: 0 };
  readonly pods = new Map<string, KubeObject>();

  constructor(node: KubeObject) {
    this.node = node;
    this.allocatable = readResources(node.status?.allocatable);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  setNode(node: KubeObject): void {
    this.node = node;
    this.allocatable = readResources(node.status?.allocatable);
  }

  addPod(pod: KubeObject): void {
    this.removePod(pod.metadata.uid);
    this.pods.set(pod.metadata.uid, pod);
    this.#count(pod, 1);
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    this.#count(pod, -1);
  }

  #count(pod: KubeObject, sign: 1 | -1): void {
    addResources(this.requested, podRequests(pod), sign);
    const scoring = scoringRequests(pod);
    this.scoring.cpu += sign * scoring.cpu;
    this.scoring.memory += sign * scoring.memory;
  }
}
