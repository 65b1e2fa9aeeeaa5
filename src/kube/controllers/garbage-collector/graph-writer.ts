import { isGantryError } from "../../../base/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { unlessGone } from "../write-errors.ts";
import { FOREGROUND, type GraphNode, ORPHAN } from "./graph.ts";

/** Writes what the garbage collector decides. What is gone already is no failure. */
export class GraphWriter {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Deletes the object as it was judged: where it has changed since, it may have a new owner, and its event brings it
   * back here.
   */
  async remove(node: GraphNode, isForeground: boolean): Promise<void> {
    const { kind, namespace, name, uid, resourceVersion, finalizers } = node;
    const own = finalizers.includes(ORPHAN)
      ? "Orphan"
      : finalizers.includes(FOREGROUND)
        ? "Foreground"
        : "Background";
    const propagationPolicy = isForeground ? "Foreground" : own;
    try {
      await unlessGone(
        this.#client.delete(kind, namespace, name, {
          preconditions: { uid, resourceVersion },
          propagationPolicy,
        }),
      );
    } catch (error) {
      if (!isGantryError(error, "Conflict")) throw error;
    }
  }

  async dropOwners(node: GraphNode, uids: readonly string[]): Promise<void> {
    await this.#patch(node, { ownerReferences: uids.map((uid) => ({ $patch: "delete", uid })) });
  }

  /** Its owners no longer wait for this one. */
  async unblock(node: GraphNode): Promise<void> {
    const blocking = node.owners.filter((owner) => owner.blockOwnerDeletion);
    if (blocking.length === 0) return;
    await this.#patch(node, {
      ownerReferences: blocking.map(({ uid }) => ({ uid, blockOwnerDeletion: false })),
    });
  }

  async dropFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    await this.#patch(node, { "$deleteFromPrimitiveList/finalizers": [finalizer] });
  }

  async #patch({ kind, namespace, name, uid }: GraphNode, metadata: object): Promise<void> {
    await unlessGone(
      this.#client.patch(kind, namespace, name, "strategic", { metadata: { uid, ...metadata } }),
    );
  }
}
