import type { KubeObject } from "../api/types.ts";
import type { SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Snapshot } from "./snapshot.ts";

export type Selection = { node: string } | { node: undefined; message: string };

interface Prepared {
  plugin: SchedulingPlugin<unknown>;
  state: unknown;
}

function prepare(
  plugins: readonly SchedulingPlugin<never>[],
  pod: KubeObject,
  snapshot: Snapshot,
): Prepared[] {
  const prepared: Prepared[] = [];
  for (const plugin of plugins as unknown as SchedulingPlugin<unknown>[]) {
    const state = plugin.prepare?.(pod, snapshot);
    if (state !== "skip") prepared.push({ plugin, state });
  }
  return prepared;
}

/** The first plugin that refuses speaks for the node, as upstream's. */
function refusals(pod: KubeObject, node: NodeInfo, prepared: readonly Prepared[]): string[] {
  for (const { plugin, state } of prepared) {
    const found = plugin.filter?.(pod, node, state) ?? [];
    if (found.length > 0) return found.map((refusal) => refusal.reason);
  }
  return [];
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.` (framework FitError). */
export function fitErrorMessage(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${parts.join(", ")}.`;
}

function rate(
  pod: KubeObject,
  nodes: readonly NodeInfo[],
  prepared: readonly Prepared[],
): Map<string, number> {
  const totals = new Map<string, number>(nodes.map((node) => [node.name, 0]));
  for (const { plugin, state } of prepared) {
    if (!plugin.score) continue;
    const scores = new Map(nodes.map((node) => [node.name, plugin.score!(pod, node, state)]));
    plugin.normalize?.(pod, scores, state);
    for (const [name, score] of scores) totals.set(name, totals.get(name)! + score * (plugin.weight ?? 1));
  }
  return totals;
}

/** The best node for the pod, or why there is none. Ties go by chance. */
export function selectNode(
  pod: KubeObject,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin<never>[],
  random: () => number = Math.random,
): Selection {
  const prepared = prepare(plugins, pod, snapshot);
  const fitting: NodeInfo[] = [];
  const reasons = new Map<string, number>();
  for (const node of snapshot.nodes()) {
    const found = refusals(pod, node, prepared);
    if (found.length === 0) fitting.push(node);
    for (const reason of found) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (fitting.length === 0) return { node: undefined, message: fitErrorMessage(snapshot.size, reasons) };
  if (fitting.length === 1) return { node: fitting[0]!.name };
  const scores = rate(pod, fitting, prepared);
  const best = Math.max(...scores.values());
  const winners = [...scores].filter(([, score]) => score === best);
  return { node: winners[Math.floor(random() * winners.length)]![0] };
}
