import { isGantryError } from "../../../base/index.ts";
import { kinds, namespaces as namespacesResource, pods as podsResource } from "../../api/index.ts";
import type { KindDefinition, KubeObject } from "../../api/types.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";

const RECHECK_MS = 500;

/** Kinds that a namespace holds and that can be listed and deleted; pods go last but one so that owners go first. */
function contentKinds(): KindDefinition[] {
  return kinds.filter((kind) => kind.namespaced && (kind.verbs === undefined || kind.verbs.includes("deletecollection")));
}

/** Empties a namespace that is being deleted, then lets go of it by its finalizer. */
export function createNamespaceController(dependencies: ControllerDependencies): Controller {
  const { client, informers } = dependencies;
  const namespaces = informers.informer(namespacesResource);

  /** Deletes one kind's objects; returns how many remain (finalizers, grace periods). */
  const empty = async (kind: KindDefinition, namespace: string): Promise<number> => {
    const before = await client.list(kind, { namespace });
    if (before.items.length === 0) return 0;
    await client.deleteCollection(kind, { namespace });
    return (await client.list(kind, { namespace })).items.length;
  };

  const finalize = async (namespace: KubeObject): Promise<void> => {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((name: string) => name !== "kubernetes");
    try {
      await client.update(namespacesResource, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: "finalize" });
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  };

  return createController(
    {
      name: "namespace",
      informers: [namespaces],
      watch: (enqueue) => [
        namespaces.subscribe({ onAdd: (one) => enqueue(keyOf(one)), onUpdate: (one) => enqueue(keyOf(one)) }),
      ],
      reconcile: async (key, enqueue) => {
        const namespace = namespaces.get(key);
        if (namespace?.metadata.deletionTimestamp === undefined) return;
        let remaining = 0;
        for (const kind of contentKinds()) {
          if (kind.resource === podsResource.resource && kind.group === "") continue;
          remaining += await empty(kind, key);
        }
        remaining += await empty(podsResource, key);
        if (remaining > 0) enqueue(key, RECHECK_MS);
        else await finalize(namespace);
      },
      concurrency: 2,
    },
    dependencies,
  );
}
