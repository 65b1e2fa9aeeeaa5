import { describe, expect, it } from "vitest";
import type { Node, Pod } from "../api/index.ts";
import { defaultPlugins } from "./plugins/index.ts";
import { NodeSelector } from "./select-node.ts";
import { Snapshot } from "./snapshot.ts";

const NODES = 1000;
const PODS = 5000;

function node(index: number): Node {
  const name = `node-${index}`;
  return {
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": `zone-${index % 3}` },
    },
    spec: {},
    status: { allocatable: { cpu: "8", memory: "32Gi", pods: "110" } },
  } as unknown as Node;
}

function pod(index: number, spec: object = {}): Pod {
  const app = `app-${index % 50}`;
  return {
    metadata: {
      name: `pod-${index}`,
      namespace: "default",
      uid: `pod-${index}`,
      labels: { app },
      ownerReferences: [{ controller: true }],
    },
    spec: { containers: [{ resources: { requests: { cpu: "100m", memory: "64Mi" } } }], ...spec },
    status: {},
  } as unknown as Pod;
}

/** Pods a second of this process's own time, so that a busy machine changes nothing. */
function throughput(spec: (app: string) => object): { perSecond: number; perNode: number[] } {
  const snapshot = new Snapshot();
  for (let index = 0; index < NODES; index++) snapshot.setNode(node(index));
  const selector = new NodeSelector(defaultPlugins);
  const before = process.cpuUsage();
  for (let index = 0; index < PODS; index++) {
    const next = pod(index, spec(`app-${index % 50}`));
    snapshot.assume(next, selector.select(next, snapshot).node!);
  }
  const { user, system } = process.cpuUsage(before);
  return { perSecond: PODS / ((user + system) / 1e6), perNode: snapshot.nodes.map((one) => one.pods.size) };
}

describe("scheduling 5,000 pods on 1,000 nodes", () => {
  it("takes less than a millisecond a pod", () => {
    const { perSecond, perNode } = throughput(() => ({}));
    expect(perSecond).toBeGreaterThan(1000);
    expect(Math.max(...perNode)).toBeLessThanOrEqual(8);
  });

  it("takes less than two milliseconds a pod with constraints of its own", () => {
    const { perSecond } = throughput((app) => ({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "topology.kubernetes.io/zone",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: { app } },
        },
      ],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app } } },
          ],
        },
      },
    }));
    expect(perSecond).toBeGreaterThan(500);
  });
});
