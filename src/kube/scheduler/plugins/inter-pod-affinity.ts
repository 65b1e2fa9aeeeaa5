import type { Pod } from "../../api/index.ts";
import { type AffinityTerm, type AffinityTerms, affinityTermsOf } from "../affinity-terms.ts";
import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
import { MAX_SCORE, type Refusal, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodGroup } from "../pod-groups.ts";
import type { Snapshot } from "../snapshot.ts";

const NO_AFFINITY: readonly Refusal[] = [
  { reason: "node(s) didn't match pod affinity rules", unresolvable: true },
];
const ANTI_AFFINITY: readonly Refusal[] = [{ reason: "node(s) didn't match pod anti-affinity rules" }];
const EXISTING: readonly Refusal[] = [{ reason: "node(s) didn't satisfy existing pods anti-affinity rules" }];

/** Topology key -> value -> number. */
class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(node: NodeInfo | undefined, key: string, amount: number): void {
    const value = node?.topology(key);
    if (value === undefined) return;
    const values = this.#counts.get(key) ?? new Map<string, number>();
    const total = (values.get(value) ?? 0) + amount;
    if (total === 0) values.delete(value);
    else values.set(value, total);
    if (values.size === 0) this.#counts.delete(key);
    else this.#counts.set(key, values);
  }

  on(node: NodeInfo, key: string): number {
    const value = node.topology(key);
    return value === undefined ? 0 : (this.#counts.get(key)?.get(value) ?? 0);
  }

  /** Over all keys. */
  total(node: NodeInfo): number {
    let total = 0;
    for (const key of this.#counts.keys()) total += this.on(node, key);
    return total;
  }

  hasAny(node: NodeInfo): boolean {
    for (const key of this.#counts.keys()) if (this.on(node, key) > 0) return true;
    return false;
  }
}

interface State {
  snapshot: Snapshot;
  /** What a placed pod's required affinity to the incoming one counts. */
  hardWeight: number;
  terms: AffinityTerms;
  /** Placed pods that match all of the pod's affinity terms. */
  wanted: TopologyCounts;
  unwanted: TopologyCounts;
  /** Where placed pods refuse this one. */
  refusedBy: TopologyCounts;
  ratings: TopologyCounts;
  matchesItself: boolean;
}

/** Pods that want to be near others, or far from them. */
export function interPodAffinity(
  args: PluginArgs["InterPodAffinity"] = defaultPluginArgs().InterPodAffinity,
): SchedulingPlugin<State> {
  const { hardPodAffinityWeight: hardWeight, ignorePreferredTermsOfExistingPods: ignoresOthers = false } =
    args;
  return {
    name: "InterPodAffinity",
    wokenBy: ["node", "pod-gone", "pod-placed"],
    mayHelp: (pod, event, snapshot) => {
      if (event.type === "node") return true;
      if (event.type === "storage") return false;
      const { affinity, antiAffinity } = affinityTermsOf(pod);
      const concerns = (terms: readonly AffinityTerm[], { metadata }: Pod): boolean =>
        terms.some((term) => term.matches(metadata.namespace ?? "", metadata.labels, snapshot));
      // Without the last of a group another one may be its first, anywhere.
      if (event.type === "pod-gone")
        return (
          concerns([...antiAffinity, ...affinity], event.pod) ||
          concerns(affinityTermsOf(event.pod).antiAffinity, pod)
        );
      return (
        concerns(affinity, event.pod) || (event.previous ? concerns(antiAffinity, event.previous) : false)
      );
    },
    weight: 2,
    prepare: (pod, snapshot) => {
      const { affinity } = pod.spec;
      const isAsking = affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined;
      return isAsking || snapshot.affinityGroups.size > 0 ? stateOf(pod, snapshot, hardWeight) : "skip";
    },
    podMoved: (state, pod, { other, node, sign }) => {
      const { namespace = "", labels } = other.pod.metadata;
      countPlaced({ namespace, labels }, [[node, sign]], state);
      countSayings(other.pod, [[node, sign]], pod, state);
    },
    filter: (_pod, node, { terms, wanted, unwanted, refusedBy, matchesItself }) => {
      if (terms.affinity.some((term) => node.topology(term.topologyKey) === undefined)) return NO_AFFINITY;
      const isNear = terms.affinity.every((term) => wanted.on(node, term.topologyKey) > 0);
      // The first of a group that wants to be together has nobody to go to.
      if (!isNear && !(wanted.isEmpty && matchesItself)) return NO_AFFINITY;
      if (terms.antiAffinity.some((term) => unwanted.on(node, term.topologyKey) > 0)) return ANTI_AFFINITY;
      return refusedBy.hasAny(node) ? EXISTING : undefined;
    },
    prepareScore: (_pod, _nodes, { ratings, terms }) => {
      const prefers = terms.preferred.length + terms.preferredNot.length > 0;
      return ratings.isEmpty || (ignoresOthers && !prefers) ? "skip" : undefined;
    },
    score: (_pod, node, { ratings }) => ratings.total(node),
    normalize: (scores) => {
      const least = scores.reduce((a, b) => Math.min(a, b));
      const range = scores.reduce((a, b) => Math.max(a, b)) - least;
      for (let index = 0; index < scores.length; index++) {
        scores[index] = range === 0 ? 0 : Math.floor((MAX_SCORE * (scores[index]! - least)) / range);
      }
    },
  };
}

function stateOf(pod: Pod, snapshot: Snapshot, hardWeight: number): State {
  const terms = affinityTermsOf(pod);
  const { namespace = "", labels } = pod.metadata;
  const state: State = {
    snapshot,
    hardWeight,
    terms,
    wanted: new TopologyCounts(),
    unwanted: new TopologyCounts(),
    refusedBy: new TopologyCounts(),
    ratings: new TopologyCounts(),
    matchesItself: terms.affinity.every((term) => term.matches(namespace, labels, snapshot)),
  };
  if (hasTerms(terms)) {
    for (const group of snapshot.groups.in()) {
      countPlaced(group, nodesOf(group, snapshot), state);
    }
  }
  for (const group of snapshot.affinityGroups.values())
    countSayings(group.pod, nodesOf(group, snapshot), pod, state);
  return state;
}

function hasTerms({ affinity, antiAffinity, preferred, preferredNot }: AffinityTerms): boolean {
  return affinity.length + antiAffinity.length + preferred.length + preferredNot.length > 0;
}

type CountOnNode = [node: NodeInfo | undefined, count: number];

function* nodesOf({ nodes }: Pick<PodGroup, "nodes">, snapshot: Snapshot): Iterable<CountOnNode> {
  for (const [name, count] of nodes) yield [snapshot.node(name), count];
}

/** What the pod says of placed pods with these labels. */
function countPlaced(
  { namespace, labels }: { namespace: string; labels: Record<string, string> | undefined },
  nodes: Iterable<CountOnNode>,
  { terms, wanted, unwanted, ratings, snapshot }: State,
): void {
  const applies = (term: AffinityTerm) => term.matches(namespace, labels, snapshot);
  const near = terms.affinity.length > 0 && terms.affinity.every(applies) ? terms.affinity : [];
  const far = terms.antiAffinity.filter(applies);
  const rated = [...terms.preferred, ...terms.preferredNot].filter(applies);
  if (near.length + far.length + rated.length === 0) return;
  for (const [node, count] of nodes) {
    for (const term of near) wanted.add(node, term.topologyKey, count);
    for (const term of far) unwanted.add(node, term.topologyKey, count);
    for (const term of rated) ratings.add(node, term.topologyKey, count * term.weight);
  }
}

/** What placed pods that all say the same say of the incoming one. */
function countSayings(
  other: Pod,
  nodes: Iterable<CountOnNode>,
  pod: Pod,
  { refusedBy, ratings, snapshot, hardWeight }: State,
): void {
  const { namespace = "", labels } = pod.metadata;
  const applies = (term: AffinityTerm) => term.matches(namespace, labels, snapshot);
  const terms = affinityTermsOf(other);
  const refusing = terms.antiAffinity.filter(applies);
  const wanting = terms.affinity.filter(applies);
  const rating = [...terms.preferred, ...terms.preferredNot].filter(applies);
  if (refusing.length + wanting.length + rating.length === 0) return;
  for (const [node, count] of nodes) {
    for (const term of refusing) refusedBy.add(node, term.topologyKey, count);
    for (const term of wanting) ratings.add(node, term.topologyKey, count * hardWeight);
    for (const term of rating) ratings.add(node, term.topologyKey, count * term.weight);
  }
}
