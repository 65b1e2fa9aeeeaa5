import type { Node, NodeStatus } from "../api/index.ts";
import type { NewObject } from "../client/index.ts";
import type { NodeAddresses } from "./node-addresses.ts";

/** Label, and taint where there are real nodes too: ordinary pods go to those then. */
export const SIMULATED = { key: "type", value: "simulated" } as const;

const KUBELET_VERSION = "v1.33.0";
const CAPACITY = { cpu: "32", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "110" };

/** `simulated-0`, `simulated-1`, … */
export const nodeName = (index: number): string => `simulated-${index}`;

export const isSimulated = ({ metadata }: Pick<Node, "metadata">): boolean =>
  metadata.labels?.[SIMULATED.key] === SIMULATED.value;

export function newNode(index: number, addresses: NodeAddresses, hasTaint: boolean): NewObject<Node> {
  const name = nodeName(index);
  return {
    metadata: {
      name,
      labels: {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        [SIMULATED.key]: SIMULATED.value,
      },
    },
    spec: {
      podCIDR: addresses.podCidr,
      podCIDRs: [addresses.podCidr],
      ...(hasTaint ? { taints: [{ ...SIMULATED, effect: "NoSchedule" }] } : {}),
    },
  };
}

/** What a node says of itself that does nothing but be there. */
export function readyStatus(index: number, addresses: NodeAddresses, now: string): NodeStatus {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity: CAPACITY,
    allocatable: CAPACITY,
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "the node is simulated"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "the node is simulated"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "the node is simulated"),
      condition("Ready", "True", "KubeletReady", "the node is simulated"),
    ],
    addresses: [
      { type: "InternalIP", address: addresses.ofNode },
      { type: "Hostname", address: nodeName(index) },
    ],
    nodeInfo: {
      machineID: nodeName(index),
      systemUUID: nodeName(index),
      bootID: nodeName(index),
      kernelVersion: "simulated",
      osImage: "simulated",
      containerRuntimeVersion: "simulated://1",
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: KUBELET_VERSION,
      operatingSystem: "linux",
      architecture: "amd64",
    },
  };
}
