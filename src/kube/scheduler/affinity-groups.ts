import type { Pod } from "../api/index.ts";
import type { PodInfo } from "./pod-info.ts";

/** Placed pods that say the same of others, in the same words. */
export interface AffinityGroup {
  /** Any of them. */
  pod: Pod;
  /** Node name -> how many. */
  nodes: Map<string, number>;
}

/**
 * Placed pods that want to be near others or far from them. Thousands come from some dozens of templates, so that what they say
 * is matched once for each of these.
 */
export class AffinityGroups {
  readonly #groups = new Map<string, AffinityGroup>();

  get size(): number {
    return this.#groups.size;
  }

  values(): Iterable<AffinityGroup> {
    return this.#groups.values();
  }

  add({ pod, hasPodAffinity }: PodInfo, node: string): void {
    if (!hasPodAffinity) return;
    const key = keyOf(pod);
    const group = this.#groups.get(key) ?? { pod, nodes: new Map<string, number>() };
    this.#groups.set(key, group);
    group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
  }

  remove({ pod, hasPodAffinity }: PodInfo, node: string): void {
    if (!hasPodAffinity) return;
    const key = keyOf(pod);
    const group = this.#groups.get(key);
    if (!group) return;
    const left = (group.nodes.get(node) ?? 0) - 1;
    if (left > 0) group.nodes.set(node, left);
    else group.nodes.delete(node);
    if (group.nodes.size === 0) this.#groups.delete(key);
  }
}

const keys = new WeakMap<Pod, string>();

/** What they say depends on their namespace, and may depend on their labels (matchLabelKeys). */
function keyOf(pod: Pod): string {
  let key = keys.get(pod);
  if (key === undefined) {
    const { namespace, labels = {} } = pod.metadata;
    const pairs = Object.keys(labels)
      .sort()
      .map((name) => [name, labels[name]]);
    const { podAffinity, podAntiAffinity } = pod.spec.affinity!;
    key = JSON.stringify([namespace, pairs, podAffinity, podAntiAffinity]);
    keys.set(pod, key);
  }
  return key;
}
