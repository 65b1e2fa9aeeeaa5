import type { Node, Taint } from "../../api/index.ts";
import { readyOf } from "./conditions.ts";

const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const PRESSURE: [condition: string, taint: string][] = [
  ["MemoryPressure", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "node.kubernetes.io/disk-pressure"],
  ["PIDPressure", "node.kubernetes.io/pid-pressure"],
  ["NetworkUnavailable", "node.kubernetes.io/network-unavailable"],
];

/** The taints that the node's conditions call for; `mayEvict` adds those that drive pods away. */
function wantedTaints(node: Node, mayEvict: boolean): Taint[] {
  const ready = readyOf(node)?.status;
  const taints: Taint[] = [];
  if (ready !== "True") {
    const key = ready === "Unknown" ? UNREACHABLE : NOT_READY;
    taints.push({ key, effect: "NoSchedule" });
    if (mayEvict && ready !== undefined) taints.push({ key, effect: "NoExecute" });
  }
  for (const [type, key] of PRESSURE) {
    const isSo = node.status?.conditions?.some((one) => one.type === type && one.status === "True");
    if (isSo) taints.push({ key, effect: "NoSchedule" });
  }
  if (node.spec?.unschedulable) taints.push({ key: UNSCHEDULABLE, effect: "NoSchedule" });
  return taints;
}

const MANAGED = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...PRESSURE.map(([, key]) => key)]);

/** All taints of the node with ours replaced by what is called for; undefined when nothing changes. */
export function nextTaints(node: Node, mayEvict: boolean, timeAdded: string): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = wantedTaints(node, mayEvict);
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const kept = current.filter((taint) => !MANAGED.has(taint.key) || wanted.some((one) => same(one, taint)));
  const added = wanted.filter((taint) => !current.some((one) => same(one, taint)));
  if (added.length === 0 && kept.length === current.length) return undefined;
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded }))];
}

/** Whether it drives pods away already for not being well. */
export function isDrivingAway({ spec }: Node): boolean {
  return (spec?.taints ?? []).some(
    ({ key, effect }) => effect === "NoExecute" && (key === NOT_READY || key === UNREACHABLE),
  );
}
