import type { Node, Pod } from "../api/index.ts";
import { node, pod } from "./testing/objects.ts";

/** A state, and what upstream's scheduler (1.33, default profile) makes of the pod there. */
export interface Decision {
  what: string;
  nodes: readonly Node[];
  /** Placed pods. */
  pods?: readonly Pod[];
  pod: Pod;
  /** Where it may go: several names where upstream leaves it to chance. */
  goes?: readonly string[];
  /** What `FailedScheduling` says. */
  says?: string;
}

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const app = (name: string) => ({ matchLabels: { app: name } });
const labels = (name: string) => ({ app: name });
const zoned = (name: string, zone: string, more: Parameters<typeof node>[1] = {}) =>
  node(name, { ...more, labels: { [ZONE]: zone, ...more.labels } });
const soft = (key = "soft") => ({ key, effect: "PreferNoSchedule" });
const requiring = (key: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator: "In", values }],
});
const preferring = (weight: number, key: string, ...values: string[]) => ({
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight, preference: requiring(key, ...values) }],
  },
});
const near = (kind: "podAffinity" | "podAntiAffinity", name: string, topologyKey = HOST) => ({
  [kind]: {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: app(name) }],
  },
});
const prefersNear = (weight: number, name: string, topologyKey = HOST) => ({
  podAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight, podAffinityTerm: { topologyKey, labelSelector: app(name) } },
    ],
  },
});
const spread = (topologyKey: string, more: object = {}) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: app("x"), ...more },
  ],
});
const NOT_HELPFUL = (nodes: number) =>
  `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`;
const NO_VICTIMS = (nodes: number) =>
  `preemption: 0/${nodes} nodes are available: ${nodes} No preemption victims found for incoming pod.`;

export const DECISIONS: readonly Decision[] = [
  {
    what: "the least allocated node",
    nodes: [node("a"), node("b"), node("c")],
    pods: [pod({ node: "a", cpu: "500m" }), pod({ node: "b", cpu: "1" })],
    pod: pod({ cpu: "100m" }),
    goes: ["c"],
  },
  {
    // What asks for nothing counts 100m and 200Mi when nodes are rated (GetNonzeroRequests).
    what: "pods that ask for nothing take something all the same",
    nodes: [node("a"), node("b")],
    pods: [pod({ node: "a" })],
    pod: pod(),
    goes: ["b"],
  },
  {
    what: "equal nodes by chance",
    nodes: [node("a"), node("b")],
    pod: pod({ cpu: "100m" }),
    goes: ["a", "b"],
  },
  {
    // TaintToleration weighs 3 and is all or nothing; room weighs 1.
    what: "a soft taint outweighs room",
    nodes: [node("a", { taints: [soft()] }), node("b")],
    pods: [pod({ node: "b", cpu: "1800m" })],
    pod: pod({ cpu: "10m" }),
    goes: ["b"],
  },
  {
    what: "fewer soft taints are better than more",
    nodes: [node("a", { taints: [soft("x"), soft("y")] }), node("b", { taints: [soft("x")] })],
    pod: pod(),
    goes: ["b"],
  },
  {
    what: "a soft taint that is tolerated does not count",
    nodes: [node("a", { taints: [soft()] }), node("b")],
    pods: [pod({ node: "b", cpu: "1" })],
    pod: pod({ cpu: "10m", spec: { tolerations: [{ key: "soft", operator: "Exists" }] } }),
    goes: ["a"],
  },
  {
    // NodeAffinity weighs 2.
    what: "a preferred label outweighs room",
    nodes: [node("a", { labels: { disk: "ssd" } }), node("b")],
    pods: [pod({ node: "a", cpu: "1800m" })],
    pod: pod({ cpu: "10m", spec: { affinity: preferring(1, "disk", "ssd") } }),
    goes: ["a"],
  },
  {
    what: "a soft taint outweighs a preferred label",
    nodes: [node("a", { labels: { disk: "ssd" }, taints: [soft()] }), node("b")],
    pod: pod({ cpu: "10m", spec: { affinity: preferring(100, "disk", "ssd") } }),
    goes: ["b"],
  },
  {
    what: "preferred pods outweigh room",
    nodes: [node("a"), node("b")],
    pods: [pod({ node: "a", cpu: "1800m", labels: labels("db") })],
    pod: pod({ cpu: "10m", spec: { affinity: prefersNear(1, "db") } }),
    goes: ["a"],
  },
  {
    // hardPodAffinityWeight is 1: who requires to be near the pod draws it.
    what: "who wants to be near a pod draws it",
    nodes: [node("a"), node("b")],
    pods: [
      pod({ node: "a", cpu: "1", labels: labels("db"), spec: { affinity: near("podAffinity", "web") } }),
    ],
    pod: pod({ cpu: "10m", labels: labels("web") }),
    goes: ["a"],
  },
  {
    what: "the first of a group goes anywhere with the topology key",
    nodes: [node("a"), zoned("b", "1")],
    pod: pod({ labels: labels("x"), spec: { affinity: near("podAffinity", "x", ZONE) } }),
    goes: ["b"],
  },
  {
    what: "a pod goes to the zone of those it must be near",
    nodes: [zoned("a", "1"), zoned("b", "2"), zoned("c", "2", { cpu: "100m" })],
    pods: [pod({ node: "c", labels: labels("db") })],
    pod: pod({ cpu: "1", spec: { affinity: near("podAffinity", "db", ZONE) } }),
    goes: ["b"],
  },
  {
    what: "pods keep away from those that must not be near",
    nodes: [zoned("a", "1"), zoned("b", "1"), zoned("c", "2")],
    pods: [pod({ node: "a", labels: labels("db") })],
    pod: pod({ spec: { affinity: near("podAntiAffinity", "db", ZONE) } }),
    goes: ["c"],
  },
  {
    what: "the emptier zone, where skew is limited",
    nodes: [zoned("a", "1"), zoned("b", "2", { cpu: "1" })],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({ labels: labels("x"), cpu: "10m", spec: spread(ZONE) }),
    goes: ["b"],
  },
  {
    what: "a skew of two admits one more",
    nodes: [zoned("a", "1"), zoned("b", "2", { taints: [{ key: "t", effect: "NoSchedule" }] })],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({ labels: labels("x"), spec: spread(ZONE, { maxSkew: 2 }) }),
    goes: ["a"],
  },
  {
    // nodeTaintsPolicy Ignore is the default: the tainted node's zone counts as empty.
    what: "a zone that cannot be had counts, where taints are ignored",
    nodes: [zoned("a", "1"), zoned("b", "2", { taints: [{ key: "t", value: "v", effect: "NoSchedule" }] })],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({ labels: labels("x"), spec: spread(ZONE) }),
    says: `0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) had untolerated taint {t: v}. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.`,
  },
  {
    what: "and does not, where taints are honored",
    nodes: [zoned("a", "1"), zoned("b", "2", { taints: [{ key: "t", effect: "NoSchedule" }] })],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({ labels: labels("x"), spec: spread(ZONE, { nodeTaintsPolicy: "Honor" }) }),
    goes: ["a"],
  },
  {
    // nodeAffinityPolicy Honor is the default: only nodes that the pod selects count.
    what: "zones that the pod does not select do not count",
    nodes: [zoned("a", "1", { labels: { disk: "ssd" } }), zoned("b", "2")],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({ labels: labels("x"), spec: { ...spread(ZONE), nodeSelector: { disk: "ssd" } } }),
    goes: ["a"],
  },
  {
    what: "and do, where the pod's selection is ignored",
    nodes: [zoned("a", "1", { labels: { disk: "ssd" } }), zoned("b", "2")],
    pods: [pod({ node: "a", labels: labels("x") })],
    pod: pod({
      labels: labels("x"),
      spec: { ...spread(ZONE, { nodeAffinityPolicy: "Ignore" }), nodeSelector: { disk: "ssd" } },
    }),
    says: `0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match pod topology spread constraints. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.`,
  },
  {
    // Fewer domains than minDomains: the least is taken for 0.
    what: "fewer zones than there must be",
    nodes: [zoned("a", "1"), zoned("b", "2")],
    pods: [pod({ node: "a", labels: labels("x") }), pod({ node: "b", labels: labels("x") })],
    pod: pod({ labels: labels("x"), spec: spread(ZONE, { minDomains: 3 }) }),
    says: `0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints. ${NO_VICTIMS(2)}`,
  },
  {
    what: "a node without the key of a constraint",
    nodes: [node("a"), node("b")],
    pod: pod({ labels: labels("x"), spec: spread(ZONE) }),
    says: `0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints (missing required label). ${NOT_HELPFUL(2)}`,
  },
  {
    what: "no node at all",
    nodes: [],
    pod: pod(),
    says: "no nodes available to schedule pods",
  },
  {
    what: "several reasons of one node count each, in the order of their text",
    nodes: [node("a", { cpu: "1", memory: "1Gi" }), node("b", { cpu: "1" })],
    pod: pod({ spec: { containers: [{ resources: { requests: { cpu: "2", memory: "3Gi" } } }] } }),
    says: `0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. ${NOT_HELPFUL(2)}`,
  },
  {
    what: "a resource that no node has",
    nodes: [node("a")],
    pod: pod({ spec: { containers: [{ resources: { requests: { "x.y/gpu": "1" } } }] } }),
    says: `0/1 nodes are available: 1 Insufficient x.y/gpu. ${NOT_HELPFUL(1)}`,
  },
  {
    what: "a cordoned node, and one by another name",
    nodes: [node("a", { unschedulable: true }), node("b")],
    pod: pod({ spec: { nodeSelector: { [HOST]: "a" } } }),
    says: `0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable. ${NOT_HELPFUL(2)}`,
  },
  {
    // Field selectors of node names limit what is looked at; the others get one reason (PreFilterResult).
    what: "a node by its name that is not there",
    nodes: [node("a"), node("b")],
    pod: pod({
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["c"] }] }],
            },
          },
        },
      },
    }),
    says: `0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${NOT_HELPFUL(2)}`,
  },
  {
    what: "the three ways to be kept apart",
    nodes: [node("a"), node("b"), node("c")],
    pods: [
      pod({ node: "a", labels: labels("db") }),
      pod({ node: "b", labels: labels("y"), spec: { affinity: near("podAntiAffinity", "x") } }),
      pod({ node: "c", labels: labels("z") }),
    ],
    pod: pod({
      labels: labels("x"),
      spec: {
        affinity: { ...near("podAntiAffinity", "db"), ...near("podAffinity", "y") },
      },
    }),
    says: `0/3 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules, 2 node(s) didn't match pod affinity rules. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.`,
  },
  {
    what: "one that may drive nobody out",
    nodes: [node("a", { cpu: "1" })],
    pods: [pod({ node: "a", cpu: "1", priority: 1 })],
    pod: pod({ cpu: "1", priority: 9, spec: { preemptionPolicy: "Never" } }),
    says: "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  },
  {
    what: "one that is not more important",
    nodes: [node("a", { cpu: "1" })],
    pods: [pod({ node: "a", cpu: "1", priority: 9 })],
    pod: pod({ cpu: "1", priority: 9 }),
    says: `0/1 nodes are available: 1 Insufficient cpu. ${NO_VICTIMS(1)}`,
  },
  {
    what: "counts in the order of their text, not of their number",
    nodes: [
      ...Array.from({ length: 10 }, (_, index) => node(`full-${index}`, { cpu: "100m" })),
      ...Array.from({ length: 2 }, (_, index) =>
        node(`tainted-${index}`, { taints: [{ key: "k", value: "v", effect: "NoExecute" }] }),
      ),
    ],
    pod: pod({ cpu: "1" }),
    says: `0/12 nodes are available: 10 Insufficient cpu, 2 node(s) had untolerated taint {k: v}. ${NOT_HELPFUL(12)}`,
  },
];
