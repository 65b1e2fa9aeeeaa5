import { type LabelSelector, type LabelSelectorObject, labelSelectorFrom } from "../../../formats/index.ts";
import type { Node, Pod, TopologySpreadConstraint } from "../../api/index.ts";
import { nodeIsSelected, selectsNodes, untoleratedTaint } from "../../api/index.ts";
import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
import { MAX_SCORE, type Refusal, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodGroup } from "../pod-groups.ts";
import type { Snapshot } from "../snapshot.ts";

const HOSTNAME = "kubernetes.io/hostname";
const NO_LABEL: readonly Refusal[] = [
  {
    reason: "node(s) didn't match pod topology spread constraints (missing required label)",
    unresolvable: true,
  },
];
const SKEWED: readonly Refusal[] = [{ reason: "node(s) didn't match pod topology spread constraints" }];

/** What upstream spreads by when neither pod nor profile say anything (only of pods that belong to something). */
const SYSTEM_DEFAULTS: readonly TopologySpreadConstraint[] = [
  { maxSkew: 3, topologyKey: HOSTNAME, whenUnsatisfiable: "ScheduleAnyway" },
  { maxSkew: 5, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
];

interface Constraint {
  maxSkew: number;
  topologyKey: string;
  minDomains: number;
  /** Placed pods that count. */
  groups: readonly PodGroup[];
  /** Of nodes that have the key; undefined where all of them count. */
  isEligible: ((node: NodeInfo) => boolean) | undefined;
}

interface HardConstraint extends Constraint {
  selector: LabelSelector;
  /** Matching pods per value of the topology key. */
  counts: Map<string, number>;
  /** In the emptiest domain; undefined where that must be looked for anew. */
  least: number | undefined;
  /** 1 where the pod itself counts. */
  self: number;
}

interface SoftConstraint extends Constraint {
  /** By value of the topology key; of hosts each node's own count is looked up. */
  counts: ReadonlyMap<string, number> | undefined;
  /** More domains weigh more, as one pod more or less shows less in each. */
  factor: number;
}

interface State {
  hard: readonly HardConstraint[];
  soft: SoftConstraint[];
  /** Nodes that lack one of the pod's own keys are not rated; the system's defaults do not ask for them. */
  needsAllKeys: boolean;
  /** Undefined: all are. */
  rated: boolean[] | undefined;
}

/** Which pods belong to the same as this one, where it belongs to anything. */
export type Together = (pod: Pod) => LabelSelector | undefined;

/** Spreads pods that belong together over hosts, zones or any other topology. */
export function podTopologySpread(
  together: Together,
  args: PluginArgs["PodTopologySpread"] = defaultPluginArgs().PodTopologySpread,
): SchedulingPlugin<State> {
  const isSystem = args.defaultingType === "System";
  const defaults = isSystem ? SYSTEM_DEFAULTS : (args.defaultConstraints ?? []);
  return {
    name: "PodTopologySpread",
    wokenBy: ["node", "pod-gone", "pod-placed"],
    mayHelp: (pod, event) => {
      if (event.type === "storage") return false;
      const own = pod.spec.topologySpreadConstraints ?? [];
      const constraints = own.length > 0 ? own : defaults;
      if (event.type !== "node") {
        const isCounted = ({ metadata }: Pod): boolean =>
          metadata.namespace === pod.metadata.namespace &&
          selectorsOf(own, defaults, pod, together).some((selector) => selector.matches(metadata.labels));
        const { previous } = event.type === "pod-placed" ? event : {};
        return isCounted(event.pod) || (previous !== undefined && isCounted(previous));
      }
      const has = (node: Node | undefined): boolean =>
        node !== undefined &&
        constraints.every(({ topologyKey }) => topologyKey in (node.metadata.labels ?? {}));
      return has(event.node) || has(event.previous);
    },
    weight: 2,
    prepare: (pod, snapshot) => {
      const own = pod.spec.topologySpreadConstraints ?? [];
      const isOwn = own.length > 0;
      // Where no node is in any domain, one that not all need be in changes no rating.
      const counted = (one: TopologySpreadConstraint) => !isSystem || snapshot.hasTopology(one.topologyKey);
      const all = isOwn ? own : defaults.filter(counted);
      const general = isOwn || all.length === 0 ? undefined : together(pod);
      if (!isOwn && !general) return "skip";
      const needsAllKeys = isOwn || !isSystem;
      const hard = all.filter((one) => one.whenUnsatisfiable !== "ScheduleAnyway");
      const soft = all.filter((one) => one.whenUnsatisfiable === "ScheduleAnyway");
      const from = { pod, snapshot, general, needsAllKeys };
      return {
        hard: constraintsOf(hard, from).map(([constraint, selector]) =>
          hardConstraint(constraint, selector, pod, snapshot),
        ),
        soft: constraintsOf(soft, from).map(([constraint]) => softConstraint(constraint, snapshot)),
        needsAllKeys,
        rated: undefined,
      };
    },
    podMoved: ({ hard }, pod, { other, node, sign }) => {
      const { namespace, labels, deletionTimestamp } = other.pod.metadata;
      if (namespace !== pod.metadata.namespace || deletionTimestamp !== undefined) return;
      for (const constraint of hard) {
        const value = node.topology(constraint.topologyKey);
        if (value === undefined || !constraint.selector.matches(labels) || !isCounted(node, constraint))
          continue;
        constraint.counts.set(value, (constraint.counts.get(value) ?? 0) + sign);
        constraint.least = undefined;
      }
    },
    filter: (_pod, node, { hard }) => {
      for (const constraint of hard) {
        const { topologyKey, counts, self, maxSkew } = constraint;
        const value = node.topology(topologyKey);
        if (value === undefined) return NO_LABEL;
        constraint.least ??= leastOf(constraint);
        const { least } = constraint;
        if ((counts.get(value) ?? 0) + self - least > maxSkew) return SKEWED;
      }
      return undefined;
    },
    prepareScore: (_pod, nodes, state) => {
      if (state.soft.length === 0) return "skip";
      const { soft, needsAllKeys } = state;
      const isRated = (node: NodeInfo): boolean =>
        soft.every((one) => node.topology(one.topologyKey) !== undefined);
      state.rated = needsAllKeys ? nodes.map(isRated) : undefined;
      const rated = needsAllKeys ? nodes.filter(isRated) : nodes;
      for (const one of soft) one.factor = Math.log(domainsOf(rated, one.topologyKey) + 2);
      return undefined;
    },
    score: (_pod, node, { soft }) => {
      let total = 0;
      for (const { topologyKey, counts, groups, factor, maxSkew } of soft) {
        const value = node.topology(topologyKey);
        if (value === undefined) continue;
        const count = counts ? (counts.get(value) ?? 0) : countOn(groups, node.name);
        total += count * factor + (maxSkew - 1);
      }
      return Math.round(total);
    },
    normalize: (scores, { rated }) => {
      let [least, most] = [Number.POSITIVE_INFINITY, 0];
      for (let index = 0; index < scores.length; index++) {
        if (rated && !rated[index]) continue;
        least = Math.min(least, scores[index]!);
        most = Math.max(most, scores[index]!);
      }
      for (let index = 0; index < scores.length; index++) {
        if (rated && !rated[index]) scores[index] = 0;
        else
          scores[index] =
            most === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (most + least - scores[index]!)) / most);
      }
    },
  };
}

/** In how many domains the nodes are; without a value is one, too. */
function domainsOf(nodes: readonly NodeInfo[], topologyKey: string): number {
  if (topologyKey === HOSTNAME) return nodes.length;
  const values = new Set<string | undefined>();
  let last: string | undefined;
  for (const node of nodes) {
    const value = node.topology(topologyKey);
    if (value !== last || value === undefined) values.add(value);
    last = value;
  }
  return values.size;
}

/** Which pods are counted with this one. */
function selectorsOf(
  own: readonly TopologySpreadConstraint[],
  defaults: readonly TopologySpreadConstraint[],
  pod: Pod,
  together: Together,
): LabelSelector[] {
  if (own.length > 0) return own.map((one) => selectorOf(one, pod));
  const general = defaults.length > 0 ? together(pod) : undefined;
  return general ? [general] : [];
}

interface ConstraintSource {
  pod: Pod;
  snapshot: Snapshot;
  /** Stands for the constraints' own selectors. */
  general: LabelSelector | undefined;
  /** Only nodes that have the keys of all of them count. */
  needsAllKeys: boolean;
}

function constraintsOf(
  all: readonly TopologySpreadConstraint[],
  { pod, snapshot, general, needsAllKeys }: ConstraintSource,
): [Constraint, LabelSelector][] {
  const keys = needsAllKeys ? all.map((one) => one.topologyKey) : [];
  return all.map((one) => {
    const selector = general ?? selectorOf(one, pod);
    const isEligible = eligibility(one.nodeAffinityPolicy ?? "Honor", one.nodeTaintsPolicy ?? "Ignore", pod);
    const { maxSkew, topologyKey, minDomains = 1 } = one;
    const others = keys.filter((key) => key !== topologyKey);
    const constraint: Constraint = {
      maxSkew,
      topologyKey,
      minDomains,
      groups: matchingGroups(selector, pod, snapshot),
      isEligible:
        others.length === 0
          ? isEligible
          : (node) => others.every((key) => node.topology(key) !== undefined) && (isEligible?.(node) ?? true),
    };
    return [constraint, selector];
  });
}

function selectorOf(constraint: TopologySpreadConstraint, pod: Pod): LabelSelector {
  const labels = pod.metadata.labels ?? {};
  const keys = (constraint.matchLabelKeys ?? []).filter((key) => key in labels);
  if (!constraint.labelSelector && keys.length === 0) return labelSelectorFrom(undefined);
  const selector: LabelSelectorObject = constraint.labelSelector ?? {};
  const more = Object.fromEntries(keys.map((key) => [key, labels[key]!]));
  return labelSelectorFrom({ ...selector, matchLabels: { ...selector.matchLabels, ...more } });
}

function matchingGroups(selector: LabelSelector, pod: Pod, snapshot: Snapshot): PodGroup[] {
  const groups = [...snapshot.groups.in(pod.metadata.namespace ?? "")];
  return groups.filter((group) => !group.terminating && selector.matches(group.labels));
}

/** Of a node that has the key. */
const isCounted = (node: NodeInfo, { isEligible }: Constraint): boolean => isEligible?.(node) ?? true;

/** Which nodes count, by the constraint's policies on affinity and taints; undefined where all do. */
function eligibility(affinity: string, taints: string, pod: Pod): ((node: NodeInfo) => boolean) | undefined {
  const isBound = affinity === "Honor" && selectsNodes(pod.spec);
  if (!isBound && taints !== "Honor") return undefined;
  const tolerations = pod.spec.tolerations ?? [];
  return ({ node }) => {
    if (isBound && !nodeIsSelected(pod.spec, node)) return false;
    if (taints !== "Honor") return true;
    return untoleratedTaint(node.spec?.taints ?? [], tolerations, ["NoSchedule", "NoExecute"]) === undefined;
  };
}

function hardConstraint(
  constraint: Constraint,
  selector: LabelSelector,
  pod: Pod,
  snapshot: Snapshot,
): HardConstraint {
  const counts = new Map<string, number>();
  for (const value of domainsThatCount(constraint, snapshot)) counts.set(value, 0);
  countPods(constraint, snapshot, counts);
  const self = selector.matches(pod.metadata.labels) ? 1 : 0;
  return { ...constraint, selector, counts, least: undefined, self };
}

function* domainsThatCount(constraint: Constraint, snapshot: Snapshot): Iterable<string> {
  const { topologyKey, isEligible } = constraint;
  if (!isEligible) {
    yield* snapshot.topologyValues(topologyKey);
    return;
  }
  for (const node of snapshot.nodes) {
    const value = node.topology(topologyKey);
    if (value !== undefined && isEligible(node)) yield value;
  }
}

/** With fewer domains than there are to be, one more is imagined without any pod. */
function leastOf({ counts, minDomains }: HardConstraint): number {
  if (counts.size === 0 || counts.size < minDomains) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (const count of counts.values()) least = Math.min(least, count);
  return least;
}

function softConstraint(constraint: Constraint, snapshot: Snapshot): SoftConstraint {
  const isHost = constraint.topologyKey === HOSTNAME;
  const counts = isHost ? undefined : countPods(constraint, snapshot, new Map());
  return { ...constraint, counts, factor: 0 };
}

function countPods(
  constraint: Constraint,
  snapshot: Snapshot,
  counts: Map<string, number>,
): Map<string, number> {
  for (const group of constraint.groups) {
    for (const [name, count] of group.nodes) {
      const node = snapshot.node(name);
      const value = node?.topology(constraint.topologyKey);
      if (!node || value === undefined || !isCounted(node, constraint)) continue;
      counts.set(value, (counts.get(value) ?? 0) + count);
    }
  }
  return counts;
}

function countOn(groups: readonly PodGroup[], node: string): number {
  let count = 0;
  for (const group of groups) count += group.nodes.get(node) ?? 0;
  return count;
}
