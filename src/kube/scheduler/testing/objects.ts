import type { Node, Pod } from "../../api/index.ts";
import { Snapshot } from "../snapshot.ts";

export interface NodeOptions {
  cpu?: string;
  memory?: string;
  labels?: Record<string, string>;
  taints?: object[];
  unschedulable?: boolean;
  images?: object[];
}

/** A node with room for 110 pods. */
export function node(name: string, options: NodeOptions = {}): Node {
  const { cpu = "2", memory = "4Gi", labels, taints, unschedulable, images } = options;
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu, memory, pods: "110" }, images },
  } as unknown as Node;
}

export interface PodOptions {
  name?: string;
  namespace?: string;
  cpu?: string;
  node?: string;
  priority?: number;
  labels?: Record<string, string>;
  spec?: object;
  status?: object;
  metadata?: object;
}

let count = 0;

/** A pod, waiting or on a node. */
export function pod(options: PodOptions = {}): Pod {
  const { name = `pod-${count++}`, namespace = "default", cpu, priority, labels } = options;
  return {
    metadata: { name, namespace, uid: name, labels, ...options.metadata },
    spec: {
      nodeName: options.node,
      priority,
      schedulerName: "default-scheduler",
      containers: [{ resources: { requests: cpu ? { cpu } : {} } }],
      ...options.spec,
    },
    status: options.status ?? {},
  } as unknown as Pod;
}

export function clusterOf(nodes: readonly Node[], pods: readonly Pod[] = []): Snapshot {
  const snapshot = new Snapshot();
  for (const one of nodes) snapshot.setNode(one);
  for (const one of pods) snapshot.setPod(one);
  return snapshot;
}
