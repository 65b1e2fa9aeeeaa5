import { isGantryError } from "../../../base/index.ts";
import { kindByGvk, kinds } from "../../api/index.ts";
import type { KindDefinition, KubeObject, OwnerReference } from "../../api/types.ts";
import type { Informer } from "../../client/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { type GraphNode, OwnerGraph } from "./graph.ts";

const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** Events are many, short-lived and owned by nobody. */
const collected = kinds.filter((kind) => kind.resource !== "events" && (kind.verbs === undefined || kind.verbs.includes("watch")));

/**
 * Deletes what no existing owner needs, and carries out foreground and orphan deletion. A uid on the queue is looked at
 * from both sides: as a dependent (are its owners there?) and as an owner (what about its dependents?).
 */
export function createGarbageCollector(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const graph = new OwnerGraph();
  const sources = collected.map((kind): [KindDefinition, Informer] => [kind, informers.informer(kind)]);
  /** Owners that a live look-up has shown to be absent. */
  const absent = new Set<string>();

  const kindOf = (reference: OwnerReference): KindDefinition | undefined => {
    const slash = reference.apiVersion.indexOf("/");
    const group = slash < 0 ? "" : reference.apiVersion.slice(0, slash);
    return kindByGvk(group, reference.apiVersion.slice(slash + 1), reference.kind);
  };

  /** Whether the owner is really there: by the graph, else by asking the API (the graph may be a moment behind). */
  const ownerState = async (reference: OwnerReference, node: GraphNode): Promise<"present" | "waiting" | "absent"> => {
    const known = graph.get(reference.uid);
    if (known) return known.deleting && known.finalizers.includes(FOREGROUND) ? "waiting" : "present";
    if (absent.has(reference.uid)) return "absent";
    const kind = kindOf(reference);
    // A kind that is not served cannot be judged: keep the dependent.
    if (!kind) return "present";
    try {
      const owner = await client.get(kind, kind.namespaced ? node.namespace : undefined, reference.name);
      if (owner.metadata.uid === reference.uid) return "present";
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
    absent.add(reference.uid);
    return "absent";
  };

  const remove = async (node: GraphNode, propagationPolicy: "Background" | "Foreground"): Promise<void> => {
    try {
      await client.delete(node.kind, node.namespace, node.name, { preconditions: { uid: node.uid }, propagationPolicy });
    } catch (error) {
      if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
    }
  };

  const asDependent = async (node: GraphNode): Promise<void> => {
    if (node.owners.length === 0 || node.deleting) return;
    const states = await Promise.all(node.owners.map((owner) => ownerState(owner, node)));
    if (states.includes("present")) {
      const dangling = node.owners.filter((_, index) => states[index] !== "present");
      if (dangling.length > 0) await dropOwners(node, dangling);
    } else if (states.includes("waiting")) {
      const blocks = graph.dependentsOf(node.uid).length > 0;
      await remove(node, blocks ? "Foreground" : "Background");
    } else {
      await remove(node, "Background");
    }
  };

  const dropOwners = async (node: GraphNode, owners: readonly OwnerReference[]): Promise<void> => {
    const ownerReferences = owners.map((owner) => ({ $patch: "delete", uid: owner.uid }));
    await ignoreGone(client.patch(node.kind, node.namespace, node.name, "strategic", { metadata: { uid: node.uid, ownerReferences } }));
  };

  const dropFinalizer = async (node: GraphNode, finalizer: string): Promise<void> => {
    const metadata = { uid: node.uid, [`$deleteFromPrimitiveList/finalizers`]: [finalizer] };
    await ignoreGone(client.patch(node.kind, node.namespace, node.name, "strategic", { metadata }));
  };

  const asOwner = async (node: GraphNode, enqueue: (uid: string) => void): Promise<void> => {
    if (!node.deleting) return;
    const dependents = graph.dependentsOf(node.uid);
    if (node.finalizers.includes(ORPHAN)) {
      for (const dependent of dependents) await dropOwners(dependent, dependent.owners.filter((owner) => owner.uid === node.uid));
      await dropFinalizer(node, ORPHAN);
    } else if (node.finalizers.includes(FOREGROUND)) {
      const blocking = dependents.filter((one) => one.owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion));
      if (blocking.length === 0) await dropFinalizer(node, FOREGROUND);
      for (const dependent of dependents) enqueue(dependent.uid);
    }
  };

  return createController(
    {
      name: "garbage-collector",
      informers: sources.map(([, informer]) => informer),
      concurrency: 10,
      watch: (enqueue) => {
        const seen = (kind: KindDefinition, object: KubeObject): void => {
          const node = graph.put(kind, object);
          if (node.owners.length > 0 || node.deleting) enqueue(node.uid);
        };
        return sources.map(([kind, informer]) =>
          informer.subscribe({
            onAdd: (object) => seen(kind, object),
            onUpdate: (object) => seen(kind, object),
            onDelete: (object) => {
              const { uid } = object.metadata;
              const owners = graph.get(uid)?.owners ?? [];
              graph.remove(uid);
              absent.add(uid);
              for (const dependent of graph.dependentsOf(uid)) enqueue(dependent.uid);
              for (const owner of owners) enqueue(owner.uid);
            },
          }),
        );
      },
      reconcile: async (uid, enqueue) => {
        if (absent.size > 10_000) absent.clear();
        const node = graph.get(uid);
        if (!node) return;
        await asOwner(node, enqueue);
        await asDependent(node);
      },
    },
    dependencies,
  );
}

async function ignoreGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isGantryError(error, "NotFound") && !isGantryError(error, "Conflict")) throw error;
  }
}
