import type { Node } from "../api/index.ts";
import type { PodInfo } from "./pod-info.ts";
import { addResources, type Resources, readResources } from "./resources.ts";

/** A node with the sum of what its pods take; changed by the event. */
export class NodeInfo {
  readonly name: string;
  node: Node;
  allocatable: Resources;
  readonly requested: Resources = new Map();
  /** Read for hundreds of nodes a pod: a map is much faster than an object with keys of all sorts. */
  #labels: ReadonlyMap<string, string>;
  /** Name -> size in bytes. */
  images: ReadonlyMap<string, number>;
  /** Requests for rating, with assumed minimums. */
  readonly scoring = { cpu: 0, memory: 0 };
  readonly pods = new Map<string, PodInfo>();
  /** Pods with host ports, which are few. */
  readonly podsWithHostPorts = new Set<PodInfo>();

  constructor(node: Node, allocatable = readResources(node.status?.allocatable), images = imagesOn(node)) {
    this.name = node.metadata.name;
    this.node = node;
    this.allocatable = allocatable;
    this.images = images;
    this.#labels = labelsOn(node);
  }

  /** The node's value of a topology key. */
  topology(key: string): string | undefined {
    return this.#labels.get(key);
  }

  setNode(node: Node): void {
    if (node.status?.images !== this.node.status?.images) this.images = imagesOn(node);
    if (node.metadata.labels !== this.node.metadata.labels) this.#labels = labelsOn(node);
    this.node = node;
    this.allocatable = readResources(node.status?.allocatable);
  }

  /** The same node, to try out other pods on. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.node, this.allocatable, this.images);
    for (const [uid, info] of this.pods) copy.pods.set(uid, info);
    for (const info of this.podsWithHostPorts) copy.podsWithHostPorts.add(info);
    for (const [name, amount] of this.requested) copy.requested.set(name, amount);
    Object.assign(copy.scoring, this.scoring);
    return copy;
  }

  addPod(info: PodInfo): void {
    const { uid } = info.pod.metadata;
    this.removePod(uid);
    this.pods.set(uid, info);
    if (info.hostPorts.length > 0) this.podsWithHostPorts.add(info);
    this.#count(info, 1);
  }

  removePod(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.podsWithHostPorts.delete(info);
    this.#count(info, -1);
  }

  #count({ requests, scoring }: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, requests, sign);
    this.scoring.cpu += sign * scoring.cpu;
    this.scoring.memory += sign * scoring.memory;
  }
}

const labelsOn = ({ metadata }: Node): ReadonlyMap<string, string> =>
  new Map(Object.entries(metadata.labels ?? {}));

function imagesOn({ status }: Node): ReadonlyMap<string, number> {
  const images = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of status?.images ?? [])
    for (const name of names) images.set(name, sizeBytes);
  return images;
}
