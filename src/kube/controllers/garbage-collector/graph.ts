import type { ApiObject, KindDefinition, OwnerReference } from "../../api/types.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** What the collector remembers of an object: enough to find and delete it, not the object itself. */
export interface GraphNode {
  uid: string;
  kind: KindDefinition;
  namespace: string | undefined;
  name: string;
  resourceVersion: string;
  owners: readonly OwnerReference[];
  deleting: boolean;
  finalizers: readonly string[];
}

/** Goes when its dependents are gone. */
export function waitsForDependents(node: GraphNode): boolean {
  return node.deleting && node.finalizers.includes(FOREGROUND);
}

/** Who owns whom, by uid. Updated by the event. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].map((one) => this.#nodes.get(one)!);
  }

  put(kind: KindDefinition, object: ApiObject): GraphNode {
    const { uid, namespace, name, resourceVersion, ownerReferences, deletionTimestamp, finalizers } =
      object.metadata;
    const before = this.#nodes.get(uid);
    if (before) this.#unlink(before);
    const node: GraphNode = {
      uid,
      kind,
      namespace,
      name,
      resourceVersion,
      owners: ownerReferences ?? [],
      deleting: deletionTimestamp !== undefined,
      finalizers: finalizers ?? [],
    };
    this.#nodes.set(uid, node);
    for (const owner of node.owners) {
      const set = this.#dependents.get(owner.uid) ?? new Set();
      set.add(uid);
      this.#dependents.set(owner.uid, set);
    }
    return node;
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid);
    if (!node) return;
    this.#unlink(node);
    this.#nodes.delete(uid);
  }

  /** Forgets all objects of a kind. */
  removeKind(kind: KindDefinition): void {
    for (const node of [...this.#nodes.values()]) if (node.kind === kind) this.remove(node.uid);
  }

  #unlink(node: GraphNode): void {
    for (const owner of node.owners) {
      const set = this.#dependents.get(owner.uid);
      set?.delete(node.uid);
      if (set?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
