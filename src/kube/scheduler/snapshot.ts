import type { KubeObject } from "../api/types.ts";
import { NodeInfo } from "./node-info.ts";

const isOver = (pod: KubeObject) => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/**
 * The cluster as the scheduler sees it, kept current by events. A pod that was just bound is assumed on its node until
 * its event arrives, so that the next pod does not take the same room.
 */
export class Snapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods on nodes that are not known (yet). */
  readonly #homeless = new Map<string, Map<string, KubeObject>>();
  readonly #placed = new Map<string, string>();
  readonly #assumed = new Set<string>();

  nodes(): NodeInfo[] {
    return [...this.#nodes.values()];
  }

  get size(): number {
    return this.#nodes.size;
  }

  setNode(node: KubeObject): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known) {
      known.setNode(node);
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(info.name, info);
    for (const pod of this.#homeless.get(info.name)?.values() ?? []) info.addPod(pod);
    this.#homeless.delete(info.name);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#nodes.delete(name);
    if (info.pods.size > 0) this.#homeless.set(name, new Map(info.pods));
  }

  /** A pod event; pods without a node or finished ones take no room. */
  setPod(pod: KubeObject): void {
    const { uid } = pod.metadata;
    const node: string | undefined = pod.spec.nodeName;
    if (!node) {
      if (!this.#assumed.has(uid)) this.removePod(uid);
      return;
    }
    this.#assumed.delete(uid);
    if (isOver(pod)) this.removePod(uid);
    else this.#place(pod, node);
  }

  assume(pod: KubeObject, node: string): void {
    this.#assumed.add(pod.metadata.uid);
    this.#place({ ...pod, spec: { ...pod.spec, nodeName: node } }, node);
  }

  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.removePod(uid);
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    const node = this.#placed.get(uid);
    if (node === undefined) return;
    this.#placed.delete(uid);
    this.#nodes.get(node)?.removePod(uid);
    this.#homeless.get(node)?.delete(uid);
  }

  #place(pod: KubeObject, node: string): void {
    const { uid } = pod.metadata;
    const before = this.#placed.get(uid);
    if (before !== undefined && before !== node) this.removePod(uid);
    this.#placed.set(uid, node);
    const info = this.#nodes.get(node);
    if (info) {
      info.addPod(pod);
      return;
    }
    const waiting = this.#homeless.get(node) ?? new Map<string, KubeObject>();
    waiting.set(uid, pod);
    this.#homeless.set(node, waiting);
  }
}
