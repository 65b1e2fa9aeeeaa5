import { hostInfo } from "../../../kernel/index.ts";
import { isExtendedResource } from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { MAX_PODS, type NodeFacts } from "./node-facts.ts";

export const KUBELET_VERSION = "v1.33.0";

export interface NodeIdentity {
  nodeName: string;
  nodeIp: string;
  labels: Record<string, string>;
  /** Tells this machine from others that may have the same name; undefined: it is not looked at. */
  machine?: string;
  /** Where the kubelet listens. */
  kubeletPort: () => number;
}

interface NodeCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastHeartbeatTime: string;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** Labels that a node gives itself. */
export function nodeLabels({
  nodeName,
  labels,
}: Pick<NodeIdentity, "nodeName" | "labels">): Record<string, string> {
  const { architecture } = hostInfo();
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
    ...labels,
  };
}

/**
 * The Node's status. `previous` conditions keep the time of their last change, and what other writers say stays: conditions,
 * and resources that the node has (kubelet nodestatus MachineInfo).
 */
export function nodeStatus(
  { nodeName, nodeIp, kubeletPort }: NodeIdentity,
  facts: NodeFacts,
  previous: KubeObject["status"],
  now: string,
): Record<string, unknown> {
  const capacity = { ...resourcesOf(facts), ...extendedOf(previous?.capacity) };
  return {
    capacity,
    allocatable: { ...without(capacity, extendedOf(previous?.allocatable)), ...capacity },
    conditions: conditionsOf(facts, previous?.conditions ?? [], now),
    addresses: [
      { type: "InternalIP", address: nodeIp },
      { type: "Hostname", address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort() } },
    nodeInfo: nodeInfo(facts),
    images: facts.images,
  };
}

function resourcesOf(facts: NodeFacts): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor(facts.ephemeralStorageBytes / 1024)}Ki`,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: String(MAX_PODS),
  };
}

/** Resources of others: whoever says that the node has some need not say that they can be had. */
function extendedOf(resources: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(resources).filter(([name]) => isExtendedResource(name)));
}

/** What is no more, for a patch that takes it away. */
function without(capacity: object, known: Record<string, string>): Record<string, null> {
  const gone = Object.keys(known).filter((name) => !(name in capacity));
  return Object.fromEntries(gone.map((name) => [name, null]));
}

function nodeInfo(facts: NodeFacts): Record<string, string> {
  const host = hostInfo();
  return {
    machineID: host.machineId,
    systemUUID: host.machineId,
    bootID: host.bootId,
    kernelVersion: host.kernelVersion,
    osImage: host.osPretty,
    containerRuntimeVersion: facts.runtimeVersion,
    kubeletVersion: KUBELET_VERSION,
    kubeProxyVersion: KUBELET_VERSION,
    operatingSystem: "linux",
    architecture: host.architecture,
  };
}

function conditionsOf(facts: NodeFacts, previous: NodeCondition[], now: string): NodeCondition[] {
  const before = new Map(previous.map((condition) => [condition.type, condition]));
  const condition = (
    type: string,
    status: "True" | "False",
    reason: string,
    message: string,
  ): NodeCondition => {
    const known = before.get(type);
    const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  };
  const { hasMemoryPressure: memory, hasDiskPressure: disk } = facts;
  return [
    memory
      ? condition(
          "MemoryPressure",
          "True",
          "KubeletHasInsufficientMemory",
          "kubelet has insufficient memory available",
        )
      : condition(
          "MemoryPressure",
          "False",
          "KubeletHasSufficientMemory",
          "kubelet has sufficient memory available",
        ),
    disk
      ? condition("DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")
      : condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    facts.runtimeIsReady
      ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
      : condition(
          "Ready",
          "False",
          "KubeletNotReady",
          `container runtime is down or its network is not ready: ${facts.runtimeMessage}`,
        ),
  ];
}
