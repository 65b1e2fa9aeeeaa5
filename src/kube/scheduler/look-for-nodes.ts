import type { Pod } from "../api/index.ts";
import { type NodeRefusal, type Prepared, refuseNode } from "./filter-node.ts";
import type { Diagnosis } from "./fit-error.ts";
import { PodRefusal, type SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PointTimer } from "./point-timer.ts";
import type { Snapshot } from "./snapshot.ts";

type Plugins = readonly SchedulingPlugin<unknown>[];

/** The nodes that a pod names, by which plugin, and what is said of all others. */
interface Named {
  plugin: SchedulingPlugin<unknown>;
  nodes: ReadonlySet<string>;
  diagnosis: Pick<Diagnosis, "absentReason" | "generalReason">;
}

/** Which nodes do for a pod, and why others do not. */
export interface Look {
  pod: Pod;
  snapshot: Snapshot;
  prepared: readonly Prepared[];
  /** Of these, who judges nodes. */
  filters: readonly Prepared[];
  fitting: readonly NodeInfo[];
  refusals: readonly NodeRefusal[];
  named: Named | undefined;
  /** The only one that fits is the one that the pod has in prospect: no other one was looked at. */
  isNominated: boolean;
}

/** Where the next look begins, so that all nodes have their turn; and how many nodes are enough. */
export interface NodeOrder {
  start: number;
  percentage: number;
  firstOnly: boolean;
}

/** In large clusters not all nodes are looked at once enough fit. */
const MIN_FITTING = 100;

function enoughFitting(nodeCount: number, { percentage, firstOnly }: NodeOrder): number {
  if (firstOnly) return 1;
  if (nodeCount < MIN_FITTING) return nodeCount;
  const share = percentage === 0 ? Math.max(5, 50 - Math.floor(nodeCount / 125)) : percentage;
  return Math.max(MIN_FITTING, Math.floor((nodeCount * share) / 100));
}

/** Looks at nodes until enough of them fit (upstream's findNodesThatFitPod). */
export function lookForNodes(
  plugins: Plugins,
  pod: Pod,
  snapshot: Snapshot,
  order: NodeOrder,
  timer: PointTimer,
  { skipsNominated = false }: { skipsNominated?: boolean },
): Look {
  const prepared = timer.measure(
    "PreFilter",
    () => prepare(plugins, pod, snapshot),
    (all) => (Array.isArray(all) ? "Success" : "UnschedulableAndUnresolvable"),
  );
  const nobody = { pod, snapshot, fitting: [], refusals: [], isNominated: false };
  if (!Array.isArray(prepared)) return { ...nobody, prepared: [], filters: [], named: prepared };
  const filters = prepared.filter(({ plugin }) => plugin.filter);
  for (const { plugin } of prepared) if (plugin.prepare) timer.evaluated("PreFilter", plugin, 1);
  const nominated = skipsNominated ? undefined : nominatedNode(pod, snapshot);
  // The node in prospect is most probably the only one.
  if (nominated && !refuseNode(pod, nominated, filters, snapshot.nominator))
    return { ...nobody, prepared, filters, fitting: [nominated], named: undefined, isNominated: true };
  const named = namedNodes(plugins, pod);
  const found = timer.measure(
    "Filter",
    () => filterNodes(pod, snapshot, filters, named?.nodes, order),
    ({ fitting }) => (fitting.length > 0 ? "Success" : "Unschedulable"),
  );
  tellJudged(filters, found, timer);
  return { ...nobody, prepared, filters, named, ...found };
}

/** What the plugins make of the pod; or the one for which no node can do. */
function prepare(plugins: Plugins, pod: Pod, snapshot: Snapshot): Prepared[] | Named {
  const prepared: Prepared[] = [];
  for (const plugin of plugins) {
    const state = plugin.prepare?.(pod, snapshot);
    if (state instanceof PodRefusal)
      return { plugin, nodes: new Set(), diagnosis: { generalReason: state.reason } };
    if (state !== "skip") prepared.push({ plugin, state });
  }
  return prepared;
}

/** The nodes that the pod names, where it does; what is said of the others. */
function namedNodes(plugins: Plugins, pod: Pod): Named | undefined {
  for (const plugin of plugins) {
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

function filterNodes(
  pod: Pod,
  snapshot: Snapshot,
  filters: readonly Prepared[],
  named: ReadonlySet<string> | undefined,
  order: NodeOrder,
) {
  const nodes = named ? existing(named, snapshot) : snapshot.nodes;
  const fitting: NodeInfo[] = [];
  const refusals: NodeRefusal[] = [];
  const enough = enoughFitting(nodes.length, order);
  const start = named ? 0 : order.start;
  let looked = 0;
  for (; looked < nodes.length && fitting.length < enough; looked++) {
    const node = nodes[(start + looked) % nodes.length]!;
    const refusal = refuseNode(pod, node, filters, snapshot.nominator);
    if (refusal) refusals.push(refusal);
    else fitting.push(node);
  }
  if (!named) order.start = nodes.length === 0 ? 0 : (start + looked) % nodes.length;
  return { fitting, refusals };
}

/** Each judged the nodes that none before it had refused. */
function tellJudged(
  filters: readonly Prepared[],
  { fitting, refusals }: Pick<Look, "fitting" | "refusals">,
  timer: PointTimer,
): void {
  const refusedBy = new Map<SchedulingPlugin<unknown>, number>();
  for (const { plugin } of refusals) refusedBy.set(plugin, (refusedBy.get(plugin) ?? 0) + 1);
  let left = fitting.length + refusals.length;
  for (const { plugin } of filters) {
    timer.evaluated("Filter", plugin, left);
    left -= refusedBy.get(plugin) ?? 0;
  }
}

function nominatedNode({ metadata }: Pod, snapshot: Snapshot): NodeInfo | undefined {
  const name = snapshot.nominator.nodeOf(metadata.uid);
  return name === undefined ? undefined : snapshot.node(name);
}

function existing(names: ReadonlySet<string>, snapshot: Snapshot): NodeInfo[] {
  return [...names].map((name) => snapshot.node(name)).filter((node) => node !== undefined);
}
