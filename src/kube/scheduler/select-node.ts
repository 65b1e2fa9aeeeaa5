import type { Pod } from "../api/index.ts";
import { fitErrorMessage, type NodeRefusal } from "./fit-error.ts";
import type { SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Snapshot } from "./snapshot.ts";

export type Selection =
  | { node: string }
  /** `refusedBy`: the plugins without whose refusals it might have fitted. */
  | { node: undefined; message: string; refusedBy: ReadonlySet<SchedulingPlugin<unknown>> };

interface Prepared {
  plugin: SchedulingPlugin<unknown>;
  state: unknown;
}

/** In large clusters not all nodes are looked at once enough fit (upstream's percentageOfNodesToScore). */
const MIN_FITTING = 100;

function enoughFitting(nodeCount: number): number {
  if (nodeCount < MIN_FITTING) return nodeCount;
  const percentage = Math.max(5, 50 - Math.floor(nodeCount / 125));
  return Math.max(MIN_FITTING, Math.floor((nodeCount * percentage) / 100));
}

/** Chooses nodes for pods. Remembers where the last look ended, so that all nodes have their turn. */
export class NodeSelector {
  readonly #plugins: readonly SchedulingPlugin<unknown>[];
  readonly #random: () => number;
  #start = 0;

  constructor(plugins: readonly SchedulingPlugin<never>[], random: () => number = Math.random) {
    this.#plugins = plugins as unknown as readonly SchedulingPlugin<unknown>[];
    this.#random = random;
  }

  /** The best node for the pod, or why there is none. Ties go by chance. */
  select(pod: Pod, snapshot: Snapshot): Selection {
    const prepared = this.#prepare(pod, snapshot);
    const { fitting, refusals } = this.#filter(pod, snapshot, prepared);
    if (fitting.length === 0) {
      const refusedBy = new Set(refusals.map((refusal) => refusal.plugin));
      return { node: undefined, message: fitErrorMessage(pod, refusals), refusedBy };
    }
    if (fitting.length === 1) return { node: fitting[0]!.name };
    return { node: this.#best(fitting, rate(pod, fitting, prepared)).name };
  }

  #prepare(pod: Pod, snapshot: Snapshot): Prepared[] {
    const prepared: Prepared[] = [];
    for (const plugin of this.#plugins) {
      const state = plugin.prepare?.(pod, snapshot);
      if (state !== "skip") prepared.push({ plugin, state });
    }
    return prepared;
  }

  #filter(pod: Pod, { nodes }: Snapshot, prepared: readonly Prepared[]) {
    const fitting: NodeInfo[] = [];
    const refusals: NodeRefusal[] = [];
    const enough = enoughFitting(nodes.length);
    const filters = prepared.filter(({ plugin }) => plugin.filter);
    let looked = 0;
    for (; looked < nodes.length && fitting.length < enough; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length]!;
      const refusal = refuse(pod, node, filters);
      if (refusal) refusals.push(refusal);
      else fitting.push(node);
    }
    this.#start = nodes.length === 0 ? 0 : (this.#start + looked) % nodes.length;
    return { fitting, refusals };
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

/** The first plugin that refuses speaks for the node, as upstream's. */
function refuse(pod: Pod, node: NodeInfo, filters: readonly Prepared[]): NodeRefusal | undefined {
  for (const { plugin, state } of filters) {
    const reasons = plugin.filter!(pod, node, state);
    if (reasons !== undefined && reasons.length > 0) return { node, plugin, reasons };
  }
  return undefined;
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
