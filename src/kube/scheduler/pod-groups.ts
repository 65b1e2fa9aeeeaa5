import type { Pod } from "../api/index.ts";

/** Placed pods of one namespace with exactly the same labels. */
export interface PodGroup {
  namespace: string;
  labels: Record<string, string>;
  /** On their way out. */
  terminating: boolean;
  /** Node name -> how many. */
  nodes: Map<string, number>;
}

const NO_LABELS: Record<string, string> = {};

/**
 * Placed pods by their labels. Thousands of pods have some dozens of different label sets, so that a selector is matched
 * against those and not against each pod.
 */
export class PodGroups {
  readonly #byNamespace = new Map<string, Map<string, PodGroup>>();

  /** The groups of a namespace, or all. */
  *in(namespace?: string): Iterable<PodGroup> {
    if (namespace !== undefined) {
      yield* this.#byNamespace.get(namespace)?.values() ?? [];
      return;
    }
    for (const groups of this.#byNamespace.values()) yield* groups.values();
  }

  add(pod: Pod, node: string): void {
    const { namespace = "", labels = NO_LABELS, deletionTimestamp } = pod.metadata;
    const groups = this.#byNamespace.get(namespace) ?? new Map<string, PodGroup>();
    this.#byNamespace.set(namespace, groups);
    const key = keyOf(pod);
    const terminating = deletionTimestamp !== undefined;
    const group = groups.get(key) ?? { namespace, labels, terminating, nodes: new Map<string, number>() };
    groups.set(key, group);
    group.nodes.set(node, (group.nodes.get(node) ?? 0) + 1);
  }

  remove(pod: Pod, node: string): void {
    const { namespace = "" } = pod.metadata;
    const groups = this.#byNamespace.get(namespace);
    const key = keyOf(pod);
    const group = groups?.get(key);
    if (!groups || !group) return;
    const left = (group.nodes.get(node) ?? 0) - 1;
    if (left > 0) group.nodes.set(node, left);
    else group.nodes.delete(node);
    if (group.nodes.size === 0) groups.delete(key);
    if (groups.size === 0) this.#byNamespace.delete(namespace);
  }
}

const keys = new WeakMap<Pod, string>();

function keyOf(pod: Pod): string {
  let key = keys.get(pod);
  if (key === undefined) {
    const { labels = NO_LABELS, deletionTimestamp } = pod.metadata;
    const pairs = Object.keys(labels).sort();
    key = JSON.stringify([deletionTimestamp !== undefined, pairs.map((name) => [name, labels[name]])]);
    keys.set(pod, key);
  }
  return key;
}
