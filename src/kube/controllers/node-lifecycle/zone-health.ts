import type { Node } from "../../api/index.ts";
import { readyOf } from "./conditions.ts";

/** How upstream's flags of these names say it. */
export interface EvictionLimits {
  /** Nodes a second whose pods are driven away, of each zone. */
  nodeEvictionRate: number;
  /** The same of a zone of which much is down, where it is large; a smaller one drives nobody away then. */
  secondaryNodeEvictionRate: number;
  /** From this part of its nodes on a zone counts as mostly down. */
  unhealthyZoneThreshold: number;
  /** A zone with more nodes is large. */
  largeClusterSizeThreshold: number;
}

export const DEFAULT_LIMITS: EvictionLimits = {
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
};

/** Fewer nodes than that say nothing about their zone. */
const FEW = 2;
const EXCLUDED = "node.kubernetes.io/exclude-disruption";
const REGIONS = ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"];
const ZONES = ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"];

/** What tells zones apart (component-helpers GetZoneKey); one empty text for all nodes that say nothing. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const first = (keys: readonly string[]) => labels[keys.find((key) => key in labels) ?? ""] ?? "";
  return JSON.stringify([first(REGIONS), first(ZONES)]);
}

interface Counts {
  ready: number;
  notReady: number;
}

/** How many nodes of each zone are ready; kept current by events. */
export class ZoneHealth {
  readonly #limits: EvictionLimits;
  readonly #nodes = new Map<string, { zone: string; isReady: boolean }>();
  readonly #zones = new Map<string, Counts>();

  constructor(limits: EvictionLimits) {
    this.#limits = limits;
  }

  set(node: Node): void {
    const { name, labels = {} } = node.metadata;
    this.remove(name);
    if (EXCLUDED in labels) return;
    const entry = { zone: zoneOf(node), isReady: readyOf(node)?.status === "True" };
    this.#nodes.set(name, entry);
    this.#count(entry, 1);
  }

  remove(name: string): void {
    const entry = this.#nodes.get(name);
    if (!entry) return;
    this.#nodes.delete(name);
    this.#count(entry, -1);
  }

  /** Whether no node at all is ready: the fault is more likely here than with all of them. */
  get areAllDown(): boolean {
    if (this.#zones.size === 0) return false;
    return [...this.#zones.values()].every(({ ready }) => ready === 0);
  }

  /** Nodes a second whose pods may be driven away in this zone. */
  rateOf(zone: string): number {
    const { ready, notReady } = this.#zones.get(zone) ?? { ready: 0, notReady: 0 };
    const { unhealthyZoneThreshold, largeClusterSizeThreshold } = this.#limits;
    const { nodeEvictionRate, secondaryNodeEvictionRate } = this.#limits;
    // A zone that is down altogether is another matter than one that falls apart.
    const isPartly = ready > 0 && notReady > FEW && notReady / (ready + notReady) >= unhealthyZoneThreshold;
    if (!isPartly) return nodeEvictionRate;
    return ready + notReady > largeClusterSizeThreshold ? secondaryNodeEvictionRate : 0;
  }

  #count({ zone, isReady }: { zone: string; isReady: boolean }, sign: 1 | -1): void {
    const counts = this.#zones.get(zone) ?? { ready: 0, notReady: 0 };
    counts[isReady ? "ready" : "notReady"] += sign;
    if (counts.ready + counts.notReady === 0) this.#zones.delete(zone);
    else this.#zones.set(zone, counts);
  }
}
