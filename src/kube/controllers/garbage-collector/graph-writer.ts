import { isGantryError } from "../../../base/index.ts";
import type { OwnerReference } from "../../api/types.ts";
import type { KubeClient } from "../../client/index.ts";
import { unlessGone } from "../write-errors.ts";
import { FOREGROUND, type GraphNode, ORPHAN } from "./graph.ts";

/** The same change of an object's metadata in two forms. */
interface MetadataPatch {
  strategic: object;
  merge: object;
}

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
    await this.#patch(node, {
      strategic: { ownerReferences: uids.map((uid) => ({ $patch: "delete", uid })) },
      merge: { ownerReferences: node.owners.filter(({ uid }) => !uids.includes(uid)) },
    });
  }

  /** Its owners no longer wait for this one. */
  async unblock(node: GraphNode): Promise<void> {
    const unblocked = (owner: OwnerReference) => ({ ...owner, blockOwnerDeletion: false });
    const blocking = node.owners.filter((owner) => owner.blockOwnerDeletion);
    if (blocking.length === 0) return;
    await this.#patch(node, {
      strategic: { ownerReferences: blocking.map(({ uid }) => ({ uid, blockOwnerDeletion: false })) },
      merge: {
        ownerReferences: node.owners.map((owner) => (blocking.includes(owner) ? unblocked(owner) : owner)),
      },
    });
  }

  async dropFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    await this.#patch(node, {
      strategic: { "$deleteFromPrimitiveList/finalizers": [finalizer] },
      merge: { finalizers: node.finalizers.filter((one) => one !== finalizer) },
    });
  }

  /**
   * Custom resources take no strategic patches. The other ones say what a whole list is to be, and therefore of which version: where the
   * object has changed since, they fail with Conflict, and its event tells how it is now.
   */
  async #patch(node: GraphNode, { strategic, merge }: MetadataPatch): Promise<void> {
    const { kind, namespace, name, uid, resourceVersion } = node;
    const isCustom = kind.readStructure !== undefined;
    const metadata = isCustom ? { uid, resourceVersion, ...merge } : { uid, ...strategic };
    const type = isCustom ? "merge" : "strategic";
    await unlessGone(this.#client.patch(kind, namespace, name, type, { metadata }));
  }
}
