import { describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import type { Node, Pod } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { NodeSelector } from "../select-node.ts";
import { clusterOf, node, pod } from "../testing/objects.ts";
import {
  aClaim,
  aClass,
  aVolume,
  boundClaim,
  claiming,
  delayedClass,
  onHost,
  storageOf,
} from "../testing/storage.ts";
import type { VolumeObjects } from "../volumes/volume-objects.ts";
import { allPlugins } from "./index.ts";

const profile = (objects: VolumeObjects) =>
  allPlugins({
    objects,
    client: {} as KubeClient,
    clock: systemClock,
    nodeOf: () => undefined,
    isWaiting: () => true,
    together: () => undefined,
  });

const place = (
  incoming: Pod,
  objects: VolumeObjects,
  nodes: Node[] = [node("n1"), node("n2")],
  pods: Pod[] = [],
) => new NodeSelector(profile(objects)).select(incoming, clusterOf(nodes, pods));

const nowhere = (why: string) => ({
  node: undefined,
  message: `0/2 nodes are available: ${why}. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.`,
});
const user = (...claims: string[]) => pod({ name: "p", spec: claiming(...claims) });
const ephemeral = pod({
  name: "p",
  spec: { volumes: [{ name: "v", ephemeral: { volumeClaimTemplate: {} } }] },
});
const ownerIs = (uid: string) => ({ ownerReferences: [{ kind: "Pod", name: "p", uid, controller: true }] });

interface Case {
  what: string;
  pod?: Pod;
  storage: Parameters<typeof storageOf>[0];
  nodes?: Node[];
  pods?: Pod[];
  outcome: object;
}

const CASES: Case[] = [
  {
    what: "no such claim",
    storage: {},
    outcome: nowhere('persistentvolumeclaim "c" not found'),
  },
  {
    what: "a claim that is not bound, and does not wait for a node",
    storage: { claims: [aClaim("c", { storageClassName: "now" })], classes: [aClass("now")] },
    outcome: nowhere("pod has unbound immediate PersistentVolumeClaims"),
  },
  {
    what: "a claim that names a volume and is not bound to it yet",
    storage: { claims: [aClaim("c", { volumeName: "v" })], classes: [delayedClass("late")] },
    outcome: nowhere("pod has unbound immediate PersistentVolumeClaims"),
  },
  {
    what: "a claim that has lost its volume",
    storage: { claims: [aClaim("c", { volumeName: "v" }, { phase: "Lost" })] },
    outcome: nowhere('persistentvolumeclaim "c" bound to non-existent persistentvolume "v"'),
  },
  {
    what: "a claim that goes",
    storage: { claims: [aClaim("c", {}, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } })] },
    outcome: nowhere('persistentvolumeclaim "c" is being deleted'),
  },
  {
    what: "a volume of the pod's own that is not made yet",
    pod: ephemeral,
    storage: {},
    outcome: nowhere('waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"'),
  },
  {
    what: "another's claim of the right name",
    pod: ephemeral,
    storage: { claims: [aClaim("p-v", {}, { metadata: ownerIs("other") })] },
    outcome: nowhere("PVC default/p-v was not created for pod default/p (pod is not owner)"),
  },
  {
    what: "its own claim",
    pod: ephemeral,
    storage: { claims: [aClaim("p-v", {}, { metadata: ownerIs("p") })], classes: [delayedClass("late")] },
    nodes: [node("n1")],
    outcome: { node: "n1" },
  },
  {
    what: "a volume on one of the nodes",
    storage: { claims: [boundClaim("c", "v")], volumes: [aVolume("v", onHost("n2"))] },
    outcome: { node: "n2" },
  },
  {
    what: "a volume on none of the nodes",
    storage: { claims: [boundClaim("c", "v")], volumes: [aVolume("v", onHost("n3"))] },
    outcome: nowhere("2 node(s) didn't match PersistentVolume's node affinity"),
  },
  {
    what: "a volume that is gone, of which the zone speaks first",
    storage: { claims: [boundClaim("c", "v")] },
    outcome: nowhere('persistentvolume "v" not found'),
  },
  {
    what: "a free volume on one of the nodes, for a claim that waits",
    storage: {
      claims: [aClaim("c")],
      classes: [delayedClass("late", { provisioner: "kubernetes.io/no-provisioner" })],
      volumes: [aVolume("v", onHost("n2"))],
    },
    outcome: { node: "n2" },
  },
  {
    what: "one free volume for two claims that wait",
    pod: user("c", "d"),
    storage: {
      claims: [aClaim("c"), aClaim("d")],
      classes: [delayedClass("late", { provisioner: "kubernetes.io/no-provisioner" })],
      volumes: [aVolume("v")],
    },
    outcome: nowhere("2 node(s) didn't find available persistent volumes to bind"),
  },
  {
    what: "the small volume for the small claim, so that both get one",
    pod: user("big", "small"),
    storage: {
      claims: [aClaim("big", { resources: { requests: { storage: "5Gi" } } }), aClaim("small")],
      classes: [delayedClass("late", { provisioner: "kubernetes.io/no-provisioner" })],
      volumes: [aVolume("five", { capacity: { storage: "5Gi" } }), aVolume("one")],
    },
    nodes: [node("n1")],
    outcome: { node: "n1" },
  },
  {
    what: "a volume that can be made anywhere",
    storage: { claims: [aClaim("c")], classes: [delayedClass("late")] },
    nodes: [node("n1")],
    outcome: { node: "n1" },
  },
  {
    what: "a volume that can be made in one zone",
    storage: {
      claims: [aClaim("c")],
      classes: [
        delayedClass("late", {
          allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a", "b"] }] }],
        }),
      ],
    },
    nodes: [node("n1", { labels: { zone: "c" } }), node("n2", { labels: { zone: "b" } })],
    outcome: { node: "n2" },
  },
  {
    what: "the node that was chosen before",
    storage: {
      claims: [
        aClaim("c", {}, { metadata: { annotations: { "volume.kubernetes.io/selected-node": "n2" } } }),
      ],
      classes: [delayedClass("late")],
    },
    outcome: { node: "n2" },
  },
  {
    what: "a driver without room",
    storage: {
      claims: [aClaim("c", { resources: { requests: { storage: "9Gi" } } })],
      classes: [delayedClass("late")],
      drivers: [{ metadata: { name: "example.com/disk" }, spec: { storageCapacity: true } }],
      capacities: [
        { metadata: { name: "k" }, storageClassName: "late", capacity: "8Gi", nodeTopology: {} },
        { metadata: { name: "l" }, storageClassName: "other", capacity: "80Gi", nodeTopology: {} },
      ],
    },
    outcome: nowhere("2 node(s) did not have enough free storage"),
  },
  {
    what: "a driver with room at one node",
    storage: {
      claims: [aClaim("c")],
      classes: [delayedClass("late")],
      drivers: [{ metadata: { name: "example.com/disk" }, spec: { storageCapacity: true } }],
      capacities: [
        {
          metadata: { name: "k" },
          storageClassName: "late",
          capacity: "8Gi",
          nodeTopology: { matchLabels: { "kubernetes.io/hostname": "n2" } },
        },
      ],
    },
    outcome: { node: "n2" },
  },
  {
    what: "the volume's zone",
    storage: {
      claims: [boundClaim("c", "v")],
      volumes: [aVolume("v", {}, { "topology.kubernetes.io/zone": "a__b" })],
    },
    nodes: ["c", "b"].map((zone, at) =>
      node(`n${at + 1}`, { labels: { "topology.kubernetes.io/zone": zone } }),
    ),
    outcome: { node: "n2" },
  },
  {
    what: "no node in the volume's zone, by its older label",
    storage: {
      claims: [boundClaim("c", "v")],
      volumes: [aVolume("v", {}, { "failure-domain.beta.kubernetes.io/zone": "z" })],
    },
    nodes: ["c", "b"].map((zone, at) =>
      node(`n${at + 1}`, { labels: { "topology.kubernetes.io/zone": zone } }),
    ),
    outcome: nowhere("2 node(s) had no available volume zone"),
  },
  {
    what: "no more volumes than the driver allows",
    storage: {
      claims: [boundClaim("c", "v"), boundClaim("other", "w")],
      volumes: ["v", "w"].map((name) => aVolume(name, { csi: { driver: "d", volumeHandle: name } })),
      csiNodes: ["n1", "n2"].map((name) => ({
        metadata: { name },
        spec: { drivers: [{ name: "d", nodeID: name, allocatable: { count: 1 } }] },
      })),
    },
    pods: [pod({ node: "n1", spec: claiming("other") })],
    outcome: { node: "n2" },
  },
  {
    what: "as many volumes as the driver allows, one of which is there already",
    storage: {
      claims: [boundClaim("c", "v")],
      volumes: [aVolume("v", { csi: { driver: "d", volumeHandle: "v" } })],
      csiNodes: [
        {
          metadata: { name: "n1" },
          spec: { drivers: [{ name: "d", nodeID: "n1", allocatable: { count: 1 } }] },
        },
      ],
      attachments: [
        {
          metadata: { name: "a" },
          spec: { attacher: "d", nodeName: "n1", source: { persistentVolumeName: "v" } },
        },
      ],
    },
    nodes: [node("n1")],
    outcome: { node: "n1" },
  },
];

describe("volumes in scheduling", () => {
  it.each(CASES)("look for: $what", ({ pod: incoming = user("c"), storage, nodes, pods, outcome }) => {
    expect(place(incoming, storageOf(storage), nodes, pods)).toMatchObject(outcome);
  });

  it("are no concern of a pod without claims", () => {
    expect(place(pod(), storageOf({}), [node("n1")])).toEqual({ node: "n1" });
  });

  it("that only one pod may use are had by a more important one, once the other is gone", () => {
    const objects = storageOf({
      claims: [boundClaim("c", "v", { accessModes: ["ReadWriteOncePod"] })],
      volumes: [aVolume("v")],
    });
    const other = pod({ name: "other", node: "n2", priority: 5, spec: claiming("c") });
    const why =
      "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode";
    expect(place(user("c"), objects, undefined, [other])).toMatchObject({
      message: expect.stringContaining(`0/2 nodes are available: 2 ${why}.`),
      preemption: { nominate: "" },
    });
    const important = pod({ name: "p", priority: 10, spec: claiming("c") });
    expect(place(important, objects, undefined, [other])).toMatchObject({
      preemption: { nominate: "n2", victims: [other] },
    });
    expect(place(user("c"), objects, [node("n1")], [])).toEqual({ node: "n1" });
  });

  it("that are disks of one machine are not used twice there, unless both only read", () => {
    const disk = (readOnly: boolean) => ({
      volumes: [{ name: "d", gcePersistentDisk: { pdName: "d", readOnly } }],
    });
    const other = (readOnly: boolean) => [pod({ node: "n1", spec: disk(readOnly) })];
    const choose = (own: boolean, others: boolean) =>
      place(pod({ spec: disk(own) }), storageOf({}), [node("n1")], other(others));
    expect(choose(true, true)).toEqual({ node: "n1" });
    for (const [own, others] of [
      [true, false],
      [false, true],
    ] as const)
      expect(choose(own, others)).toMatchObject({
        message: expect.stringContaining("0/1 nodes are available: 1 node(s) had no available disk."),
      });
  });

  it("that were given to one pod are not given to the next, until that one gives them back", () => {
    const objects = storageOf({
      claims: [aClaim("c"), aClaim("d")],
      classes: [delayedClass("late", { provisioner: "kubernetes.io/no-provisioner" })],
      volumes: [aVolume("v")],
    });
    const plugins = profile(objects);
    const selector = new NodeSelector(plugins);
    const cluster = clusterOf([node("n1")]);
    const first = user("c");
    const second = pod({ name: "q", spec: claiming("d") });
    expect(selector.select(first, cluster)).toEqual({ node: "n1" });
    for (const plugin of plugins) plugin.reserve?.(first, "n1");
    expect(selector.select(second, cluster)).toMatchObject({ node: undefined });
    for (const plugin of plugins) plugin.unreserve?.(first, "n1");
    expect(selector.select(second, cluster)).toEqual({ node: "n1" });
  });
});
