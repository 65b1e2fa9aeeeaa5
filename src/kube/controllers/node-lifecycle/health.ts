import type { Clock } from "../../../base/index.ts";
import type { KubeObject } from "../../api/types.ts";

/** kube-controller-manager's --node-monitor-grace-period (50 s since 1.32). */
export const GRACE_MS = 50_000;

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
const PRESSURE: [condition: string, taint: string][] = [
  ["MemoryPressure", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "node.kubernetes.io/disk-pressure"],
  ["PIDPressure", "node.kubernetes.io/pid-pressure"],
  ["NetworkUnavailable", "node.kubernetes.io/network-unavailable"],
];

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  timeAdded?: string;
}

/**
 * When each node was last heard of, by this process's monotonic clock: what counts is that the lease changed, not what
 * time it says, because nodes' clocks differ.
 */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #last = new Map<string, { mark: string; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes what the lease and the status say now; returns milliseconds since the last change. */
  observe(node: KubeObject, lease: KubeObject | undefined): number {
    const ready = node.status?.conditions?.find((one: { type: string }) => one.type === "Ready");
    const mark = `${lease?.spec?.renewTime ?? ""}/${ready?.lastHeartbeatTime ?? ""}`;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#last.get(node.metadata.name);
    if (known?.mark === mark) return nowMs - known.atMs;
    this.#last.set(node.metadata.name, { mark, atMs: nowMs });
    return 0;
  }

  forget(name: string): void {
    this.#last.delete(name);
  }
}

/** The taints that the node's conditions call for. */
export function conditionTaints(node: KubeObject): Taint[] {
  const status = (type: string): string | undefined =>
    node.status?.conditions?.find((one: { type: string }) => one.type === type)?.status;
  const taints: Taint[] = [];
  const ready = status("Ready");
  if (ready === "Unknown") taints.push({ key: UNREACHABLE, effect: "NoSchedule" }, { key: UNREACHABLE, effect: "NoExecute" });
  else if (ready !== "True") taints.push({ key: NOT_READY, effect: "NoSchedule" }, { key: NOT_READY, effect: "NoExecute" });
  for (const [condition, key] of PRESSURE) if (status(condition) === "True") taints.push({ key, effect: "NoSchedule" });
  if (node.spec?.unschedulable) taints.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  return taints;
}

const MANAGED = new Set([NOT_READY, UNREACHABLE, "node.kubernetes.io/unschedulable", ...PRESSURE.map(([, key]) => key)]);

/** All taints of the node with ours replaced by what is called for; undefined when nothing changes. */
export function nextTaints(node: KubeObject, timeAdded: string): Taint[] | undefined {
  const current: Taint[] = node.spec?.taints ?? [];
  const wanted = conditionTaints(node);
  const same = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const kept = current.filter((taint) => !MANAGED.has(taint.key) || wanted.some((one) => same(one, taint)));
  const added = wanted.filter((taint) => !current.some((one) => same(one, taint)));
  if (added.length === 0 && kept.length === current.length) return undefined;
  return [...kept, ...added.map((taint) => (taint.effect === "NoExecute" ? { ...taint, timeAdded } : taint))];
}

/** Milliseconds that a pod may stay under the node's NoExecute taints: 0 go now, undefined stay for good. */
export function toleratedMs(pod: KubeObject, taints: readonly Taint[]): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints.filter((one) => one.effect === "NoExecute")) {
    const tolerations = (pod.spec.tolerations ?? []).filter((one: KubeObject) => tolerates(one, taint));
    if (tolerations.length === 0) return 0;
    for (const toleration of tolerations) {
      if (toleration.tolerationSeconds === undefined) continue;
      const ms = Math.max(0, toleration.tolerationSeconds * 1000);
      shortest = Math.min(shortest ?? ms, ms);
    }
  }
  return shortest;
}

function tolerates(toleration: KubeObject, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.key !== undefined && (toleration.value ?? "") === (taint.value ?? ""));
}
