import { type LabelSelectorObject, labelSelectorFrom } from "../../../formats/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Snapshot } from "../snapshot.ts";
import { nodeIsSelected } from "./node-affinity.ts";
import { type Taint, type Toleration, tolerationTolerates } from "./taint-toleration.ts";

interface Constraint {
  maxSkew: number;
  topologyKey: string;
  hard: boolean;
  selector: LabelSelectorObject;
  minDomains: number;
  nodeAffinityPolicy: string;
  nodeTaintsPolicy: string;
}

interface Counted extends Constraint {
  /** Matching pods per value of the topology key, over eligible nodes. */
  counts: Map<string, number>;
}

/** What upstream spreads by when the pod says nothing (only for pods that a controller owns). */
const SYSTEM_DEFAULTS = [
  { maxSkew: 3, topologyKey: "kubernetes.io/hostname" },
  { maxSkew: 5, topologyKey: "topology.kubernetes.io/zone" },
];

function constraintsOf(pod: KubeObject): Constraint[] {
  const own: KubeObject[] = pod.spec.topologySpreadConstraints ?? [];
  if (own.length > 0) {
    return own.map((one) => ({
      maxSkew: one.maxSkew,
      topologyKey: one.topologyKey,
      hard: one.whenUnsatisfiable !== "ScheduleAnyway",
      selector: withMatchLabelKeys(one, pod),
      minDomains: one.minDomains ?? 1,
      nodeAffinityPolicy: one.nodeAffinityPolicy ?? "Honor",
      nodeTaintsPolicy: one.nodeTaintsPolicy ?? "Ignore",
    }));
  }
  const labels = pod.metadata.labels ?? {};
  const owned = pod.metadata.ownerReferences?.some((reference) => reference.controller);
  if (!owned || Object.keys(labels).length === 0) return [];
  return SYSTEM_DEFAULTS.map((one) => ({
    ...one,
    hard: false,
    selector: { matchLabels: labels },
    minDomains: 1,
    nodeAffinityPolicy: "Honor",
    nodeTaintsPolicy: "Ignore",
  }));
}

function withMatchLabelKeys(constraint: KubeObject, pod: KubeObject): LabelSelectorObject {
  const labels = pod.metadata.labels ?? {};
  const more = (constraint.matchLabelKeys ?? [])
    .filter((key: string) => key in labels)
    .map((key: string) => [key, labels[key]]);
  const selector = constraint.labelSelector ?? {};
  return { ...selector, matchLabels: { ...selector.matchLabels, ...Object.fromEntries(more) } };
}

function eligible(constraint: Constraint, pod: KubeObject, { node }: NodeInfo): boolean {
  if (constraint.nodeAffinityPolicy === "Honor" && !nodeIsSelected(pod, node)) return false;
  if (constraint.nodeTaintsPolicy !== "Honor") return true;
  const taints = ((node.spec?.taints ?? []) as Taint[]).filter(
    (taint) => taint.effect !== "PreferNoSchedule",
  );
  return taints.every((taint) =>
    (pod.spec.tolerations ?? []).some((one: Toleration) => tolerationTolerates(one, taint)),
  );
}

function matchingPods(constraint: Constraint, pod: KubeObject, node: NodeInfo): number {
  let count = 0;
  for (const other of node.pods.values()) {
    if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.deletionTimestamp !== undefined)
      continue;
    if (labelSelectorFrom(constraint.selector).matches(other.metadata.labels ?? {})) count++;
  }
  return count;
}

function count(constraint: Constraint, pod: KubeObject, snapshot: Snapshot): Counted {
  const counts = new Map<string, number>();
  for (const node of snapshot.nodes()) {
    const value = node.node.metadata.labels?.[constraint.topologyKey];
    if (value === undefined || !eligible(constraint, pod, node)) continue;
    counts.set(value, (counts.get(value) ?? 0) + matchingPods(constraint, pod, node));
  }
  return { ...constraint, counts };
}

/** Spreads pods that belong together over hosts, zones or any other topology. */
export const podTopologySpread: SchedulingPlugin<Counted[]> = {
  name: "PodTopologySpread",
  weight: 2,
  prepare: (pod, snapshot) => {
    const constraints = constraintsOf(pod);
    return constraints.length === 0 ? "skip" : constraints.map((one) => count(one, pod, snapshot));
  },
  filter: (pod, node, constraints) => {
    for (const constraint of constraints.filter((one) => one.hard)) {
      const value = node.node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) {
        return [
          {
            reason: "node(s) didn't match pod topology spread constraints (missing required label)",
            unresolvable: true,
          },
        ];
      }
      const self = labelSelectorFrom(constraint.selector).matches(pod.metadata.labels ?? {}) ? 1 : 0;
      const least =
        constraint.counts.size < constraint.minDomains
          ? 0
          : Math.min(...constraint.counts.values(), Number.POSITIVE_INFINITY);
      const skew = (constraint.counts.get(value) ?? 0) + self - (Number.isFinite(least) ? least : 0);
      if (skew > constraint.maxSkew)
        return [{ reason: "node(s) didn't match pod topology spread constraints" }];
    }
    return [];
  },
  score: (_pod, node, constraints) => {
    let total = 0;
    for (const constraint of constraints.filter((one) => !one.hard)) {
      const value = node.node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) continue;
      // More domains weigh more, as one pod more or less shows less in each (scoring.go, topologyNormalizingWeight).
      total +=
        (constraint.counts.get(value) ?? 0) * Math.log(constraint.counts.size + 2) + (constraint.maxSkew - 1);
    }
    return total;
  },
  normalize: (_pod, scores) => {
    const most = Math.max(...scores.values());
    const least = Math.min(...scores.values());
    for (const [name, score] of scores) {
      scores.set(name, most === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (most + least - score)) / most));
    }
  },
};
