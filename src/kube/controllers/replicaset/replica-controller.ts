import type { Pod } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, indexByController } from "../owner.ts";
import { isActive } from "../pod-state.ts";
import { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { createReconciler } from "./reconcile.ts";
import type { ReplicaKind } from "./replica-owner.ts";

/** Keeps as many pods of each template as its owner, of this kind, asks for. */
export function createReplicaController(kind: ReplicaKind, dependencies: ControllerDependencies): Controller {
  const { informers } = dependencies;
  const owners = informers.informer(kind.resource);
  const pods = informers.informer(podsResource);
  indexByController(pods);
  indexByController(owners);
  const writer = new PodWriter(dependencies);

  /** The key of the owner of this kind that controls the pod. */
  const ownerKey = (pod: Pod): string | undefined => {
    const owner = controllerOf(pod);
    return owner?.kind === kind.resource.kind ? `${pod.metadata.namespace}/${owner.name}` : undefined;
  };

  const seen = (pod: Pod, enqueue: Enqueue, isDeleted = false): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    writer.observe(key, pod, isDeleted || !isActive(pod));
    enqueue(key);
  };

  /** A pod that nobody controls may be taken in by those that select it. */
  const offer = (pod: Pod, enqueue: Enqueue): void => {
    if (controllerOf(pod)) return;
    for (const one of owners.list(pod.metadata.namespace)) if (selects(one, pod)) enqueue(keyOf(one));
  };

  return createController(
    {
      name: kind.name,
      informers: [owners, pods],
      watch: (enqueue) => [
        owners.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
          onDelete: (one) => {
            writer.forget(keyOf(one));
            enqueue(keyOf(one));
          },
        }),
        pods.subscribe({
          onAdd: (pod) => {
            seen(pod, enqueue);
            offer(pod, enqueue);
          },
          onUpdate: (pod, previous) => {
            seen(pod, enqueue);
            const before = ownerKey(previous);
            if (before !== undefined && before !== ownerKey(pod)) enqueue(before);
            const moved = controllerOf(previous)?.uid !== controllerOf(pod)?.uid;
            if (moved || JSON.stringify(pod.metadata.labels) !== JSON.stringify(previous.metadata.labels))
              offer(pod, enqueue);
          },
          onDelete: (pod) => seen(pod, enqueue, true),
        }),
      ],
      reconcile: createReconciler(dependencies, { kind, owners, pods, writer }),
    },
    dependencies,
  );
}
