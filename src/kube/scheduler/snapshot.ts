import type { Namespace, Node, Pod } from "../api/index.ts";
import { isPodTerminal } from "../api/index.ts";
import { AffinityGroups } from "./affinity-groups.ts";
import { NodeInfo } from "./node-info.ts";
import { Nominator } from "./nominator.ts";
import { PodGroups } from "./pod-groups.ts";
import { type PodInfo, podInfoOf } from "./pod-info.ts";

/**
 * The cluster as the scheduler sees it, kept current by events. A pod that was just bound is assumed on its node until
 * its event arrives, so that the next pod does not take the same room.
 */
export class Snapshot {
  readonly groups = new PodGroups();
  /** Placed pods that have affinity or anti-affinity to other pods. */
  readonly affinityGroups = new AffinityGroups();
  readonly nominator = new Nominator();
  readonly #nodes = new Map<string, NodeInfo>();
  #list: readonly NodeInfo[] | undefined;
  /** Where each pod is; its node may not be known (yet). */
  readonly #placed = new Map<string, { info: PodInfo; node: string }>();
  readonly #byNode = new Map<string, Set<string>>();
  readonly #assumed = new Set<string>();
  /** Image name -> on how many nodes. */
  readonly #images = new Map<string, number>();
  /** Label key -> how many nodes have it. */
  readonly #keys = new Map<string, number>();
  /** Label key -> all values that nodes have; looked for when asked, until a node comes, goes or gets other labels. */
  readonly #topologies = new Map<string, ReadonlySet<string>>();
  readonly #namespaces = new Map<string, Record<string, string>>();

  /** In the order in which they came. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()];
    return this.#list;
  }

  get sizes(): { nodes: number; pods: number; assumed_pods: number } {
    return { nodes: this.#nodes.size, pods: this.#placed.size, assumed_pods: this.#assumed.size };
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** On how many nodes an image is. */
  nodesWithImage(name: string): number {
    return this.#images.get(name) ?? 0;
  }

  /** Whether any node has a value of a topology key. */
  hasTopology(key: string): boolean {
    return this.#keys.has(key);
  }

  /** All values of a topology key. */
  topologyValues(key: string): ReadonlySet<string> {
    const known = this.#topologies.get(key);
    if (known) return known;
    const values = new Set<string>();
    for (const node of this.#nodes.values()) {
      const value = node.topology(key);
      if (value !== undefined) values.add(value);
    }
    this.#topologies.set(key, values);
    return values;
  }

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known?.node.metadata.labels !== node.metadata.labels) {
      countKeys(this.#keys, known?.node, -1);
      countKeys(this.#keys, node, 1);
      this.#topologies.clear();
    }
    if (known) {
      const before = known.images;
      known.setNode(node);
      if (known.images !== before) this.#countImages(before, known.images);
      return;
    }
    const info = new NodeInfo(node);
    this.#countImages(undefined, info.images);
    this.#nodes.set(info.name, info);
    this.#list = undefined;
    for (const uid of this.#byNode.get(info.name) ?? []) info.addPod(this.#placed.get(uid)!.info);
  }

  removeNode(name: string): void {
    const known = this.#nodes.get(name);
    if (!known) return;
    countKeys(this.#keys, known.node, -1);
    this.#topologies.clear();
    this.#countImages(known.images, undefined);
    this.#nodes.delete(name);
    this.#list = undefined;
  }

  #countImages(
    before: ReadonlyMap<string, number> | undefined,
    now: ReadonlyMap<string, number> | undefined,
  ): void {
    for (const name of before?.keys() ?? []) {
      const left = this.nodesWithImage(name) - 1;
      if (left > 0) this.#images.set(name, left);
      else this.#images.delete(name);
    }
    for (const name of now?.keys() ?? []) this.#images.set(name, this.nodesWithImage(name) + 1);
  }

  setNamespace({ metadata: { name, labels = {} } }: Namespace): void {
    this.#namespaces.set(name, labels);
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  labelsOfNamespace(name: string): Record<string, string> {
    return this.#namespaces.get(name) ?? {};
  }

  /** A pod event; pods without a node or finished ones take no room. */
  setPod(pod: Pod): void {
    const { uid } = pod.metadata;
    const node: string | undefined = pod.spec.nodeName;
    if (!node) {
      if (!this.#assumed.has(uid)) this.removePod(uid);
      return;
    }
    this.#assumed.delete(uid);
    if (isPodTerminal(pod)) this.removePod(uid);
    else this.#place(pod, node);
  }

  assume(pod: Pod, node: string): void {
    this.#assumed.add(pod.metadata.uid);
    this.#place(pod, node);
  }

  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.removePod(uid);
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    this.#lift(uid);
  }

  #lift(uid: string): void {
    const known = this.#placed.get(uid);
    if (known === undefined) return;
    this.#placed.delete(uid);
    this.affinityGroups.remove(known.info, known.node);
    this.groups.remove(known.info.pod, known.node);
    this.#nodes.get(known.node)?.removePod(uid);
    const onNode = this.#byNode.get(known.node);
    onNode?.delete(uid);
    if (onNode?.size === 0) this.#byNode.delete(known.node);
  }

  #place(pod: Pod, node: string): void {
    const { uid } = pod.metadata;
    this.#lift(uid);
    const placed = { info: podInfoOf(pod), node };
    this.#placed.set(uid, placed);
    this.affinityGroups.add(placed.info, node);
    this.groups.add(pod, node);
    this.#nodes.get(node)?.addPod(placed.info);
    const onNode = this.#byNode.get(node) ?? new Set<string>();
    this.#byNode.set(node, onNode.add(uid));
  }
}

function countKeys(counts: Map<string, number>, node: Node | undefined, sign: 1 | -1): void {
  for (const key of Object.keys(node?.metadata.labels ?? {})) {
    const count = (counts.get(key) ?? 0) + sign;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  }
}
