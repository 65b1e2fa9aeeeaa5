import type { Node } from "../api/index.ts";
import { countPod, figuresOf, type NodeFigures, setAllocatable } from "./node-figures.ts";
import type { PodInfo } from "./pod-info.ts";
import { addResources, type Resources, readResources } from "./resources.ts";

const HOSTNAME = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

/** A node with the sum of what its pods take; changed by the event. */
export class NodeInfo {
  readonly name: string;
  node: Node;
  allocatable: Resources;
  readonly requested: Resources = new Map();
  /** Read for hundreds of nodes a pod: a map is much faster than an object with keys of all sorts. */
  #labels: ReadonlyMap<string, string>;
  /** These are asked for most. */
  #hostname: string | undefined;
  #zone: string | undefined;
  /** Name -> size in bytes. */
  images: ReadonlyMap<string, number>;
  /** Of the most common resources. */
  readonly figures: NodeFigures;
  readonly pods = new Map<string, PodInfo>();
  /** Pods with host ports, which are few. */
  readonly podsWithHostPorts = new Set<PodInfo>();

  constructor(node: Node, allocatable = readResources(node.status?.allocatable), images = imagesOn(node)) {
    this.name = node.metadata.name;
    this.node = node;
    this.allocatable = allocatable;
    this.figures = figuresOf(allocatable);
    this.images = images;
    this.#labels = labelsOn(node);
    this.#hostname = this.#labels.get(HOSTNAME);
    this.#zone = this.#labels.get(ZONE);
  }

  /** The node's value of a topology key. */
  topology(key: string): string | undefined {
    if (key === HOSTNAME) return this.#hostname;
    return key === ZONE ? this.#zone : this.#labels.get(key);
  }

  setNode(node: Node): void {
    if (node.status?.images !== this.node.status?.images) this.images = imagesOn(node);
    if (node.metadata.labels !== this.node.metadata.labels) {
      this.#labels = labelsOn(node);
      this.#hostname = this.#labels.get(HOSTNAME);
      this.#zone = this.#labels.get(ZONE);
    }
    this.node = node;
    const before = this.allocatable;
    this.allocatable = readResources(node.status?.allocatable);
    setAllocatable(this.figures, before, this.allocatable);
  }

  /** The same node, to try out other pods on. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.node, this.allocatable, this.images);
    for (const [uid, info] of this.pods) copy.pods.set(uid, info);
    for (const info of this.podsWithHostPorts) copy.podsWithHostPorts.add(info);
    for (const [name, amount] of this.requested) copy.requested.set(name, amount);
    copy.figures.set(this.figures);
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

  #count(info: PodInfo, sign: 1 | -1): void {
    addResources(this.requested, info.requests, sign);
    countPod(this.figures, info, sign);
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
