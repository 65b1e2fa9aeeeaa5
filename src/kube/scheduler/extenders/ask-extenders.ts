import { errorMessage, GantryError, type Logger } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import type { NodeRefusal } from "../filter-node.ts";
import type { SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Candidate } from "../preemption/pick-candidate.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Extender } from "./extender.ts";

/** Stands for extenders where it is told who refused a pod: anything may change what they say. */
export const BY_EXTENDER: SchedulingPlugin<unknown> = {
  name: "Extender",
  wokenBy: ["node", "pod-gone", "pod-placed", "storage"],
};

/** Asks the extenders in their order: those that may be ignored come last, and are where they give no answer. */
export class ExtenderCalls {
  readonly #extenders: readonly Extender[];
  readonly #logger: Logger;

  constructor(extenders: readonly Extender[], logger: Logger) {
    this.#extenders = [
      ...extenders.filter((one) => !one.isIgnorable),
      ...extenders.filter((one) => one.isIgnorable),
    ];
    this.#logger = logger;
  }

  get filter(): boolean {
    return this.#extenders.some((one) => one.filters);
  }

  get prioritize(): boolean {
    return this.#extenders.some((one) => one.prioritizes);
  }

  isInterestedIn(pod: Pod): boolean {
    return this.#extenders.some((one) => one.isInterestedIn(pod));
  }

  /** The nodes that are left, and why the others are not. */
  async filterNodes(
    pod: Pod,
    nodes: readonly NodeInfo[],
    snapshot: Snapshot,
  ): Promise<{ nodes: readonly NodeInfo[]; refusals: NodeRefusal[] }> {
    const refusals: NodeRefusal[] = [];
    let left = nodes;
    for (const extender of this.#interested(pod)) {
      if (left.length === 0) break;
      const filtered = await this.#unlessIgnored(extender, () => extender.filter(pod, left));
      if (!filtered) continue;
      left = filtered.nodes;
      for (const { node: name, reason, unresolvable } of filtered.refused) {
        const node = snapshot.node(name);
        if (node) refusals.push({ node, plugin: BY_EXTENDER, reasons: [{ reason, unresolvable }] });
      }
    }
    return { nodes: left, refusals };
  }

  /** Adds what they give to the scores; one that gives no answer adds nothing. */
  async addScores(pod: Pod, nodes: readonly NodeInfo[], scores: Float64Array): Promise<void> {
    const asked = this.#interested(pod).filter((one) => one.prioritizes);
    const answers = await Promise.all(
      asked.map((one) => one.prioritize(pod, nodes).catch((error) => this.#note(one, error))),
    );
    for (const answer of answers) {
      for (const [index, { name }] of nodes.entries()) scores[index]! += answer?.get(name) ?? 0;
    }
  }

  /** The candidates that they let stand. */
  async preempt(pod: Pod, candidates: readonly Candidate[], snapshot: Snapshot): Promise<Candidate[]> {
    const podOn = (node: string, uid: string) => snapshot.node(node)?.pods.get(uid)?.pod;
    let left = [...candidates];
    for (const extender of this.#interested(pod)) {
      if (left.length === 0) break;
      if (!extender.preempts) continue;
      const answer = await this.#unlessIgnored(extender, () => extender.preempt(pod, left, podOn));
      if (answer) left = withVictims(answer, extender);
    }
    return left;
  }

  /** Whether one of them has bound the pod. Throws where one that may not be ignored has failed to. */
  async bind(pod: Pod, node: string): Promise<boolean> {
    for (const extender of this.#interested(pod)) {
      if (!extender.binds) continue;
      const isBound = await this.#unlessIgnored(extender, async () => {
        await extender.bind(pod, node);
        return true;
      });
      if (isBound) return true;
    }
    return false;
  }

  #interested(pod: Pod): Extender[] {
    return this.#extenders.filter((one) => one.isInterestedIn(pod));
  }

  async #unlessIgnored<T>(extender: Extender, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!extender.isIgnorable) throw error;
      return this.#note(extender, error);
    }
  }

  #note(extender: Extender, error: unknown): undefined {
    const fields = { extender: extender.name, error: errorMessage(error) };
    this.#logger.warn("an extender gave no answer and is ignored", fields);
  }
}

function withVictims(candidates: readonly Candidate[], { isIgnorable }: Extender): Candidate[] {
  return candidates.filter(({ node, victims }) => {
    if (victims.length > 0) return true;
    if (isIgnorable) return false;
    throw new GantryError("Unavailable", `expected at least one victim pod on node ${JSON.stringify(node)}`, {
      code: "Scheduler.Extender",
    });
  });
}
