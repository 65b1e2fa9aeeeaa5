import { type KindSource, verbsOf } from "../../api/index.ts";
import type { ApiObject, KindDefinition } from "../../api/types.ts";
import type { InformerHandlers } from "../../client/types.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { WatchedKinds } from "../watched-kinds.ts";
import { FOREGROUND, type GraphNode, ORPHAN, OwnerGraph, waitsForDependents } from "./graph.ts";
import { GraphWriter } from "./graph-writer.ts";
import { OwnerLookup } from "./owner-lookup.ts";

/**
 * Deletes what no existing owner needs, and carries out foreground and orphan deletion. A uid on the queue is looked at
 * from both sides: as an owner (what about its dependents?) and as a dependent (are its owners there?).
 */
export function createGarbageCollector(dependencies: ControllerDependencies): Controller {
  const { client, informers, kinds } = dependencies;
  const graph = new OwnerGraph();
  const owners = new OwnerLookup(graph, dependencies);
  const writer = new GraphWriter(client);
  const initial = collectedOf(kinds).map((kind) => informers.informer(kind));

  const asOwner = async (node: GraphNode, enqueue: Enqueue): Promise<void> => {
    if (!node.deleting) return;
    const dependents = graph.dependentsOf(node.uid);
    if (node.finalizers.includes(ORPHAN)) {
      // Only when no dependent refers to it any more may it go: else they would be collected.
      for (const dependent of dependents) await writer.dropOwners(dependent, [node.uid]);
      await writer.dropFinalizer(node, ORPHAN);
    } else if (waitsForDependents(node)) {
      const isBlocking = (one: GraphNode) =>
        one.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion);
      if (!dependents.some(isBlocking)) await writer.dropFinalizer(node, FOREGROUND);
      for (const dependent of dependents) if (!dependent.deleting) enqueue(dependent.uid);
    }
  };

  const asDependent = async (node: GraphNode): Promise<void> => {
    if (node.owners.length === 0 || node.deleting) return;
    const states = await Promise.all(node.owners.map((owner) => owners.stateOf(owner, node)));
    if (states.includes("present")) {
      const dangling = node.owners.filter((_, index) => states[index] !== "present");
      if (dangling.length > 0)
        await writer.dropOwners(
          node,
          dangling.map((owner) => owner.uid),
        );
      return;
    }
    const dependents = graph.dependentsOf(node.uid);
    const isForeground = states.includes("waiting") && dependents.length > 0;
    // Whose own dependent already waits for it would wait for ever in a ring of owners.
    if (isForeground && dependents.some(waitsForDependents)) await writer.unblock(node);
    await writer.remove(node, isForeground);
  };

  return createController(
    {
      name: "garbage-collector",
      informers: initial,
      concurrency: 10,
      watch: (enqueue) => {
        const watched = new WatchedKinds({
          informers,
          kinds,
          select: collectedOf,
          handlersFor: (kind) => handlersFor(graph, kind, enqueue),
          onGone: (kind) => graph.removeKind(kind),
        });
        return [watched.start()];
      },
      reconcile: async (uid, enqueue) => {
        const node = graph.get(uid);
        if (!node) return;
        await asOwner(node, enqueue);
        await asDependent(node);
      },
    },
    dependencies,
  );
}

/** What the collector looks after. Events are many, short-lived and owned by nobody. */
function collectedOf(kinds: KindSource): KindDefinition[] {
  return kinds.stored().filter((kind) => kind.resource !== "events" && verbsOf(kind).includes("watch"));
}

/** Looks at an object that has changed, and at the owners that may wait for it. */
function handlersFor(graph: OwnerGraph, kind: KindDefinition, enqueue: Enqueue): InformerHandlers<ApiObject> {
  const seen = (object: ApiObject): void => {
    const node = graph.put(kind, object);
    if (node.owners.length > 0 || node.deleting) enqueue(node.uid);
  };
  return {
    onAdd: seen,
    onUpdate: (object, previous) => {
      seen(object);
      // An owner that this object has left may wait for it no longer.
      for (const owner of previous.metadata.ownerReferences ?? [])
        if (graph.get(owner.uid)?.deleting) enqueue(owner.uid);
    },
    onDelete: (object) => {
      const { uid } = object.metadata;
      const node = graph.get(uid);
      graph.remove(uid);
      for (const dependent of graph.dependentsOf(uid)) enqueue(dependent.uid);
      for (const owner of node?.owners ?? []) if (graph.get(owner.uid)?.deleting) enqueue(owner.uid);
    },
  };
}
