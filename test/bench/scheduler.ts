import type { Node, Pod } from "../../src/kube/api/index.ts";
import { NodeSelector } from "../../src/kube/scheduler/select-node.ts";
import { Snapshot } from "../../src/kube/scheduler/snapshot.ts";
import { defaultPlugins } from "../../src/kube/scheduler/testing/plugins.ts";

const NODES = 1000;
const PODS = 5000;
const APPS = 50;

export interface SchedulerFigures {
  /** Pods a second of this process's own time. */
  plainPerSecond: number;
  /** With a topology spread constraint and a required anti-affinity each. */
  constrainedPerSecond: number;
}

/** How fast 5,000 pods are placed on 1,000 nodes: the choice alone, without the API. */
export function benchScheduler(): SchedulerFigures {
  return {
    plainPerSecond: Math.round(podsPerSecond(() => ({}))),
    constrainedPerSecond: Math.round(podsPerSecond(constraintsOf)),
  };
}

/** Pods a second of this process's own time, `nodes` and `pods` of them. */
export function podsPerSecond(
  spec: (app: string) => Partial<Pod["spec"]>,
  { nodes = NODES, pods = PODS }: { nodes?: number; pods?: number } = {},
): number {
  const snapshot = new Snapshot();
  for (let index = 0; index < nodes; index++) snapshot.setNode(node(index));
  const selector = new NodeSelector(defaultPlugins);
  const before = process.cpuUsage();
  for (let index = 0; index < pods; index++) {
    const next = pod(index, spec(appOf(index)));
    snapshot.assume(next, selector.select(next, snapshot).node!);
  }
  const { user, system } = process.cpuUsage(before);
  return pods / ((user + system) / 1e6);
}

const appOf = (index: number) => `app-${index % APPS}`;

const meta = (name: string) => ({ name, uid: name, resourceVersion: "1", creationTimestamp: null });

function node(index: number): Node {
  const name = `node-${index}`;
  const labels = { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": `zone-${index % 3}` };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...meta(name), labels },
    spec: {},
    status: { allocatable: { cpu: "8", memory: "32Gi", pods: "110" } },
  };
}

function pod(index: number, spec: Partial<Pod["spec"]>): Pod {
  const name = `pod-${index}`;
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "r", controller: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...meta(name),
      namespace: "default",
      labels: { app: appOf(index) },
      ownerReferences: [owner],
    },
    spec: {
      containers: [{ name: "c", resources: { requests: { cpu: "100m", memory: "64Mi" } } }],
      ...spec,
    },
    status: {},
  };
}

function constraintsOf(app: string): Partial<Pod["spec"]> {
  return { ...spreadOverZones(app), ...apartFromEachOther(app) };
}

/** Pods of one application over zones, at most one more in one than in another. */
export function spreadOverZones(app: string): Partial<Pod["spec"]> {
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { app } },
      },
    ],
  };
}

/** No two pods of one application on a node. */
export function apartFromEachOther(app: string): Partial<Pod["spec"]> {
  return {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app } } },
        ],
      },
    },
  };
}
