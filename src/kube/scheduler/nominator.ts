import type { Pod } from "../api/index.ts";
import { type PodInfo, podInfoOf } from "./pod-info.ts";

/**
 * Pods that others are driven out for: each has a node in prospect, on which it counts for pods that are not more important
 * until it is there.
 */
export class Nominator {
  /** By node. */
  readonly #nominated = new Map<string, Map<string, PodInfo>>();
  readonly #nodes = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodes.get(uid);
  }

  on(node: string): Iterable<PodInfo> {
    return this.#nominated.get(node)?.values() ?? [];
  }

  set(pod: Pod, node: string): void {
    const { uid } = pod.metadata;
    this.remove(uid);
    this.#nodes.set(uid, node);
    const there = this.#nominated.get(node) ?? new Map<string, PodInfo>();
    this.#nominated.set(node, there.set(uid, podInfoOf(pod)));
  }

  /** Whether it had a node in prospect. */
  remove(uid: string): boolean {
    const node = this.#nodes.get(uid);
    if (node === undefined) return false;
    this.#nodes.delete(uid);
    const there = this.#nominated.get(node)!;
    there.delete(uid);
    if (there.size === 0) this.#nominated.delete(node);
    return true;
  }
}
