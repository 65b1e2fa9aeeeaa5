import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import { defaultPluginArgs, type PluginArgs } from "./config/index.ts";
import { BY_EXTENDER, type ExtenderCalls } from "./extenders/ask-extenders.ts";
import { isResolvable } from "./filter-node.ts";
import { fitErrorMessage } from "./fit-error.ts";
import type { SchedulingPlugin } from "./framework.ts";
import { type Look, lookForNodes, type NodeOrder } from "./look-for-nodes.ts";
import type { NodeInfo } from "./node-info.ts";
import { NO_TIMER, type PointTimer } from "./point-timer.ts";
import { type Preemption, preempt, preemptAsking } from "./preemption/preempt.ts";
import { rateNodes } from "./rate-nodes.ts";
import type { Snapshot } from "./snapshot.ts";
import { timedPlugins } from "./timed-plugins.ts";

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

export interface NodeSelectorOptions {
  random?: () => number;
  budgets?: () => Iterable<PodDisruptionBudget>;
  /** So many percent of the nodes are enough to choose from; 0: by their number. */
  percentageOfNodesToScore?: number;
  /** Undefined: nobody is driven out. */
  preemption?: PluginArgs["DefaultPreemption"] | undefined;
  /** Who is asked by `selectAsking`. */
  extenders?: ExtenderCalls;
  timer?: PointTimer;
}

/** Chooses nodes for pods. Ties go by chance. */
export class NodeSelector {
  readonly #plugins: readonly SchedulingPlugin<unknown>[];
  /** The same, for the attempts in which their times are taken. */
  readonly #timedPlugins: readonly SchedulingPlugin<unknown>[];
  readonly #random: () => number;
  readonly #budgets: () => Iterable<PodDisruptionBudget>;
  readonly #preemption: PluginArgs["DefaultPreemption"] | undefined;
  readonly #extenders: ExtenderCalls | undefined;
  readonly #timer: PointTimer;
  readonly #order: NodeOrder;

  constructor(plugins: readonly SchedulingPlugin<never>[], options: NodeSelectorOptions = {}) {
    const { random = Math.random, budgets = () => [], percentageOfNodesToScore = 0 } = options;
    this.#plugins = plugins as unknown as readonly SchedulingPlugin<unknown>[];
    this.#random = random;
    this.#budgets = budgets;
    this.#preemption = "preemption" in options ? options.preemption : defaultPluginArgs().DefaultPreemption;
    this.#extenders = options.extenders;
    this.#timer = options.timer ?? NO_TIMER;
    this.#timedPlugins = timedPlugins(this.#plugins, this.#timer);
    const isRated = plugins.some((one) => one.score) || this.#extenders?.prioritize === true;
    this.#order = {
      start: 0,
      percentage: percentageOfNodesToScore,
      // Where nothing tells them apart, the first that fits is as good as any.
      firstOnly: !isRated && this.#extenders?.filter !== true,
    };
  }

  /** The best node for the pod, or why there is none. */
  select(pod: Pod, snapshot: Snapshot): Selection {
    const look = this.#look(pod, snapshot);
    if (look.fitting.length === 0) return this.#refused(look, this.#preempt(look));
    if (look.fitting.length === 1) return { node: look.fitting[0]!.name };
    return { node: this.#best(look.fitting, rateNodes(look, this.#timer)).name };
  }

  /** As `select`, with the extenders' say. Throws where one that may not be ignored gives no answer. */
  async selectAsking(pod: Pod, snapshot: Snapshot): Promise<Selection> {
    const extenders = this.#extenders!;
    const look = this.#look(pod, snapshot);
    const { nodes, refusals } = await extenders.filterNodes(pod, look.fitting, snapshot);
    if (nodes.length === 0 && look.isNominated) {
      // The node in prospect does not do for the extenders: the others are looked at after all.
      const others = this.#look(pod, snapshot, { skipsNominated: true });
      return this.#chosenOf(others, await extenders.filterNodes(pod, others.fitting, snapshot));
    }
    return this.#chosenOf(look, { nodes, refusals });
  }

  async #chosenOf(
    look: Look,
    { nodes, refusals }: { nodes: readonly NodeInfo[]; refusals: Look["refusals"] },
  ): Promise<Selection> {
    const left: Look = { ...look, fitting: nodes, refusals: [...look.refusals, ...refusals] };
    if (nodes.length === 1) return { node: nodes[0]!.name };
    if (nodes.length > 1) {
      const scores = rateNodes(left, this.#timer);
      await this.#extenders!.addScores(left.pod, nodes, scores);
      return { node: this.#best(nodes, scores).name };
    }
    const selection = this.#refused(left, await this.#preemptAsking(left));
    const isByExtender = look.fitting.length > 0;
    if (selection.node !== undefined || !isByExtender) return selection;
    return { ...selection, refusedBy: new Set([...selection.refusedBy, BY_EXTENDER]) };
  }

  #look(pod: Pod, snapshot: Snapshot, how: { skipsNominated?: boolean } = {}): Look {
    const plugins = this.#timer.isSampled() ? this.#timedPlugins : this.#plugins;
    return lookForNodes(plugins, pod, snapshot, this.#order, this.#timer, how);
  }

  #preempt(look: Look): Preemption {
    const request = this.#request(look);
    if (!request) return {};
    return this.#timer.measure("PostFilter", () => preempt(request), statusOf);
  }

  async #preemptAsking(look: Look): Promise<Preemption> {
    const request = this.#request(look);
    if (!request) return {};
    return preemptAsking(request, (all) => this.#extenders!.preempt(look.pod, all, look.snapshot));
  }

  #request({ pod, snapshot, filters, refusals }: Look) {
    if (snapshot.nodes.length === 0 || !this.#preemption) return undefined;
    return {
      pod,
      snapshot,
      filters,
      resolvable: refusals.filter(isResolvable).map(({ node }) => node),
      budgets: this.#budgets,
      random: this.#random,
      args: this.#preemption,
    };
  }

  #refused({ snapshot, refusals, named }: Look, preemption: Preemption): Selection {
    const nodeCount = snapshot.nodes.length;
    const text = fitErrorMessage({ nodeCount, refusals, ...named?.diagnosis });
    const refusedBy = new Set(refusals.map(({ plugin }) => plugin));
    if (named) refusedBy.add(named.plugin);
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

const statusOf = ({ victims = [] }: Preemption) => (victims.length > 0 ? "Success" : "Unschedulable");
