import { quantityMilliValue } from "../../../formats/index.ts";
import type { Node } from "../../api/index.ts";

/** How much more than its share an endpoint may get (upstream's overloadThreshold). */
const OVERLOAD = 0.2;
const ZONE = "topology.kubernetes.io/zone";
const EXCLUDED = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** How many endpoints of a Service a zone may and should have. */
export interface ZoneShare {
  maximum: number;
  desired: number;
}

export function isNodeReady({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

/**
 * Each zone's part of all CPUs, of nodes that are ready and no control plane; undefined where one of them says nothing of its zone or
 * CPUs, or all are in one zone (topologycache SetNodes).
 */
export function zoneRatios(nodes: Iterable<Node>): ReadonlyMap<string, number> | undefined {
  const cpus = new Map<string, number>();
  for (const node of nodes) {
    const { labels = {} } = node.metadata;
    if (EXCLUDED.some((label) => labels[label] !== undefined) || !isNodeReady(node)) continue;
    const zone = labels[ZONE];
    const cpu = quantityMilliValue(String(node.status?.allocatable?.cpu ?? "0"));
    if (!zone || cpu === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
  }
  if (cpus.size < 2) return undefined;
  const total = [...cpus.values()].reduce((sum, cpu) => sum + cpu, 0);
  return new Map([...cpus].sort(([a], [b]) => (a < b ? -1 : 1)).map(([zone, cpu]) => [zone, cpu / total]));
}

/** Shares of so many ready endpoints, or why there are none (topologycache getAllocations). */
export function zoneShares(
  ratios: ReadonlyMap<string, number> | undefined,
  endpoints: number,
): ReadonlyMap<string, ZoneShare> | string {
  if (!ratios)
    return "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes";
  const counts = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `Insufficient number of endpoints ${counts}`;
  const parts = [...ratios].map(([zone, ratio]) => {
    const minimum = Math.ceil(ratio * endpoints * (1 / (1 + OVERLOAD)));
    return { zone, minimum, desired: Math.max(ratio * endpoints, minimum) };
  });
  const spare = endpoints - parts.reduce((sum, { minimum }) => sum + minimum, 0);
  if (spare < 0)
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
  return new Map(parts.map(({ zone, minimum, desired }) => [zone, { maximum: minimum + spare, desired }]));
}

/** Which zones give how many of their endpoints to others, and which get how many (getGivingAndReceivingZones). */
export function zoneTransfers(
  shares: ReadonlyMap<string, ZoneShare>,
  counts: ReadonlyMap<string, number>,
): { giving: Map<string, number>; receiving: Map<string, number> } {
  const surplus = new Map<string, number>();
  const want = new Map<string, number>();
  for (const [zone, { desired }] of shares) {
    const difference = (counts.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    if (difference < 0) want.set(zone, -difference);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [giver, toGive] = most(surplus);
    const [receiver, toGet] = most(want);
    if (toGive < 0.5 || toGet < 0.5 || (toGive < 1 && toGet < 1)) return { giving, receiving };
    giving.set(giver, (giving.get(giver) ?? 0) + 1);
    surplus.set(giver, toGive - 1);
    receiving.set(receiver, (receiving.get(receiver) ?? 0) + 1);
    want.set(receiver, toGet - 1);
  }
}

function most(zones: ReadonlyMap<string, number>): [zone: string, count: number] {
  let found: [string, number] = ["", 0];
  for (const entry of zones) if (entry[1] > found[1]) found = entry;
  return found;
}
