import { isGantryError } from "../../base/index.ts";
import type { ApiObject } from "../api/types.ts";
import type { Informer } from "../client/index.ts";
import type { ControllerDefinition } from "./controller.ts";
import { isNamespaceTerminating } from "./write-errors.ts";

/** By then the informer knows of what was made. */
const LOOK_AGAIN_MS = 1_000;

export interface InEveryNamespaceOptions<T extends ApiObject> {
  name: string;
  objectName: string;
  namespaces: Informer;
  objects: Informer<T>;
  /** Makes or repairs the object in one namespace. */
  write(namespace: string, known: T | undefined): Promise<void>;
}

/** A controller that keeps one object of a fixed name in every namespace that is not going away. */
export function ensureInEveryNamespace<T extends ApiObject>(
  options: InEveryNamespaceOptions<T>,
): ControllerDefinition {
  const { name, objectName, namespaces, objects, write } = options;
  return {
    name,
    informers: [namespaces, objects],
    watch: (enqueue) => [
      namespaces.subscribe({
        onAdd: (one) => enqueue(one.metadata.name),
        onUpdate: (one) => enqueue(one.metadata.name),
      }),
      objects.subscribe({
        onUpdate: (one) => one.metadata.name === objectName && enqueue(one.metadata.namespace!),
        onDelete: (one) => one.metadata.name === objectName && enqueue(one.metadata.namespace!),
      }),
    ],
    reconcile: async (key, enqueue) => {
      const namespace = namespaces.get(key);
      if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return;
      const known = objects.get(`${key}/${objectName}`);
      // What is made, and gone again before the informer knew of it, leaves no event.
      if (!known) enqueue(key, LOOK_AGAIN_MS);
      try {
        await write(key, known);
      } catch (error) {
        if (!isGantryError(error, "AlreadyExists") && !isNamespaceTerminating(error)) throw error;
      }
    },
  };
}
