import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import { isResolvable, type NodeRefusal, type Prepared, refuseNode } from "./filter-node.ts";
import { type Diagnosis, fitErrorMessage } from "./fit-error.ts";
import { PodRefusal, type SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import { type Preemption, preempt } from "./preemption/preempt.ts";
import type { Snapshot } from "./snapshot.ts";

export type Selection =
  | { node: string }
  | {
      node: undefined;
      message: string;
      /** The plugins without whose refusals it might have fitted. */
      refusedBy: ReadonlySet<SchedulingPlugin<unknown>>;
      /** Whom to drive out for it, and where to. */
      preemption: Preemption;
    };

/** The nodes that a pod names, by which plugin, and what is said of all others. */
interface Named {
  plugin: SchedulingPlugin<unknown>;
  nodes: ReadonlySet<string>;
  diagnosis: Pick<Diagnosis, "absentReason" | "generalReason">;
}

/** In large clusters not all nodes are looked at once enough fit (upstream's percentageOfNodesToScore). */
const MIN_FITTING = 100;

function enoughFitting(nodeCount: number): number {
  if (nodeCount < MIN_FITTING) return nodeCount;
  const percentage = Math.max(5, 50 - Math.floor(nodeCount / 125));
  return Math.max(MIN_FITTING, Math.floor((nodeCount * percentage) / 100));
}

export interface NodeSelectorOptions {
  random?: () => number;
  budgets?: () => Iterable<PodDisruptionBudget>;
}

/** Chooses nodes for pods. Remembers where the last look ended, so that all nodes have their turn. */
export class NodeSelector {
  readonly #plugins: readonly SchedulingPlugin<unknown>[];
  readonly #random: () => number;
  readonly #budgets: () => Iterable<PodDisruptionBudget>;
  #start = 0;

  constructor(
    plugins: readonly SchedulingPlugin<never>[],
    { random = Math.random, budgets = () => [] }: NodeSelectorOptions = {},
  ) {
    this.#plugins = plugins as unknown as readonly SchedulingPlugin<unknown>[];
    this.#random = random;
    this.#budgets = budgets;
  }

  /** The best node for the pod, or why there is none. Ties go by chance. */
  select(pod: Pod, snapshot: Snapshot): Selection {
    const prepared = this.#prepare(pod, snapshot);
    if (!Array.isArray(prepared)) return this.#refused(pod, snapshot, [], [], prepared);
    const filters = prepared.filter(({ plugin }) => plugin.filter);
    const nominated = nominatedNode(pod, snapshot);
    // The node in prospect is most probably the only one.
    if (nominated && !refuseNode(pod, nominated, filters, snapshot.nominator))
      return { node: nominated.name };
    const named = this.#namedNodes(pod);
    const { fitting, refusals } = this.#filter(pod, snapshot, filters, named?.nodes);
    if (fitting.length === 0) {
      return this.#refused(pod, snapshot, filters, refusals, named);
    }
    if (fitting.length === 1) return { node: fitting[0]!.name };
    return { node: this.#best(fitting, rate(pod, fitting, prepared)).name };
  }

  /** What the plugins make of the pod; or the one for which no node can do. */
  #prepare(pod: Pod, snapshot: Snapshot): Prepared[] | Named {
    const prepared: Prepared[] = [];
    for (const plugin of this.#plugins) {
      const state = plugin.prepare?.(pod, snapshot);
      if (state instanceof PodRefusal)
        return { plugin, nodes: new Set(), diagnosis: { generalReason: state.reason } };
      if (state !== "skip") prepared.push({ plugin, state });
    }
    return prepared;
  }

  /** The nodes that the pod names, where it does; what is said of the others. */
  #namedNodes(pod: Pod): Named | undefined {
    for (const plugin of this.#plugins) {
      const nodes = plugin.namedNodes?.(pod);
      if (!nodes) continue;
      const diagnosis: Named["diagnosis"] =
        nodes.size === 0
          ? { generalReason: "pod affinity terms conflict" }
          : { absentReason: `node(s) didn't satisfy plugin(s) [${plugin.name}]` };
      return { plugin, nodes, diagnosis };
    }
    return undefined;
  }

  #filter(
    pod: Pod,
    snapshot: Snapshot,
    filters: readonly Prepared[],
    named: ReadonlySet<string> | undefined,
  ) {
    const nodes = named ? existing(named, snapshot) : snapshot.nodes;
    const fitting: NodeInfo[] = [];
    const refusals: NodeRefusal[] = [];
    const enough = enoughFitting(nodes.length);
    const start = named ? 0 : this.#start;
    let looked = 0;
    for (; looked < nodes.length && fitting.length < enough; looked++) {
      const node = nodes[(start + looked) % nodes.length]!;
      const refusal = refuseNode(pod, node, filters, snapshot.nominator);
      if (refusal) refusals.push(refusal);
      else fitting.push(node);
    }
    if (!named) this.#start = nodes.length === 0 ? 0 : (start + looked) % nodes.length;
    return { fitting, refusals };
  }

  #refused(
    pod: Pod,
    snapshot: Snapshot,
    filters: readonly Prepared[],
    refusals: readonly NodeRefusal[],
    named: Named | undefined,
  ): Selection {
    const nodeCount = snapshot.nodes.length;
    const text = fitErrorMessage({ nodeCount, refusals, ...named?.diagnosis });
    const refusedBy = new Set(refusals.map(({ plugin }) => plugin));
    if (named) refusedBy.add(named.plugin);
    if (nodeCount === 0) return { node: undefined, message: text, refusedBy, preemption: {} };
    const preemption = preempt({
      pod,
      snapshot,
      filters,
      resolvable: refusals.filter(isResolvable).map(({ node }) => node),
      budgets: this.#budgets,
      random: this.#random,
    });
    const { message: why } = preemption;
    const message = why === undefined ? text : `${text} preemption: ${why}`;
    return { node: undefined, message, refusedBy, preemption };
  }

  #best(nodes: readonly NodeInfo[], scores: Float64Array): NodeInfo {
    let best = 0;
    let ties = 1;
    for (let index = 1; index < nodes.length; index++) {
      if (scores[index]! < scores[best]!) continue;
      if (scores[index]! > scores[best]!) ties = 0;
      ties++;
      if (ties === 1 || this.#random() < 1 / ties) best = index;
    }
    return nodes[best]!;
  }
}

function nominatedNode({ metadata }: Pod, snapshot: Snapshot): NodeInfo | undefined {
  const name = snapshot.nominator.nodeOf(metadata.uid);
  return name === undefined ? undefined : snapshot.node(name);
}

function existing(names: ReadonlySet<string>, snapshot: Snapshot): NodeInfo[] {
  return [...names].map((name) => snapshot.node(name)).filter((node) => node !== undefined);
}

function rate(pod: Pod, nodes: readonly NodeInfo[], prepared: readonly Prepared[]): Float64Array {
  const totals = new Float64Array(nodes.length);
  const scores = new Float64Array(nodes.length);
  for (const { plugin, state } of prepared) {
    if (!plugin.score || plugin.prepareScore?.(pod, nodes, state) === "skip") continue;
    for (let index = 0; index < nodes.length; index++)
      scores[index] = plugin.score(pod, nodes[index]!, state);
    plugin.normalize?.(scores, state);
    const { weight = 1 } = plugin;
    for (let index = 0; index < nodes.length; index++) totals[index]! += scores[index]! * weight;
  }
  return totals;
}
