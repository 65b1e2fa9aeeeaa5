import type { RequestInfo, ResourceRequestInfo } from "../request-info.ts";

/** Watches of one node's pods hear of few of them, and are not counted (upstream getBuiltinIndexes). */
const INDEXED_FIELD: Record<string, string> = { pods: "spec.nodeName" };
const READING = new Set(["get", "list", "watch", "proxy"]);

/** How many watches there are, by what they watch: each that hears of a write is work that the write causes. */
export class WatchCounts {
  readonly #counts = new Map<string, number>();

  /** Returns the way to forget the watch, to be called once. */
  register(info: ResourceRequestInfo): () => void {
    const field = INDEXED_FIELD[info.resource];
    const isIndexed = info.fieldRequirements?.some(
      ({ field: name, operator, value }) => name === field && operator === "=" && value !== "",
    );
    if (isIndexed) return () => {};
    const key = keyOf(info, info.namespace, info.name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      const left = this.#counts.get(key)! - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** Watches of all objects of the resource, of those in the namespace, and of the object itself. */
  interestedIn(info: RequestInfo): number {
    if (!info.isResource || READING.has(info.verb)) return 0;
    const { namespace, name } = info;
    let count = this.#at(keyOf(info));
    if (namespace) count += this.#at(keyOf(info, namespace));
    if (name) count += this.#at(keyOf(info, namespace, name));
    return count;
  }

  #at(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}

const keyOf = ({ group, resource }: ResourceRequestInfo, namespace = "", name = "") =>
  `${group}/${resource}/${namespace}/${name}`;
