import type { ReplicaSet } from "../../api/index.ts";
import {
  deployments as deploymentsResource,
  pods as podsResource,
  replicaSets as replicaSetsResource,
} from "../../api/index.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, indexByController } from "../owner.ts";
import { selects } from "../selectors.ts";
import { createReconciler } from "./reconcile.ts";
import { ReplicaSetWriter } from "./replica-set-writer.ts";

/** Rolls a Deployment's pod template out through ReplicaSets. */
export function createDeploymentController(dependencies: ControllerDependencies): Controller {
  const { informers } = dependencies;
  const deployments = informers.informer(deploymentsResource);
  const replicaSets = informers.informer(replicaSetsResource);
  const pods = informers.informer(podsResource);
  indexByController(replicaSets);
  indexByController(pods);
  const writer = new ReplicaSetWriter(dependencies, replicaSets);

  /** The Deployment that controls a ReplicaSet, or those that may take it in. */
  const concern = (set: ReplicaSet, enqueue: Enqueue): void => {
    const owner = controllerOf(set);
    if (owner?.kind === "Deployment") enqueue(`${set.metadata.namespace}/${owner.name}`);
    if (owner) return;
    for (const one of deployments.list(set.metadata.namespace)) if (selects(one, set)) enqueue(keyOf(one));
  };

  return createController(
    {
      name: "deployment",
      informers: [deployments, replicaSets, pods],
      watch: (enqueue) => [
        deployments.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
        }),
        replicaSets.subscribe({
          onAdd: (set) => concern(set, enqueue),
          onUpdate: (set, previous) => {
            concern(set, enqueue);
            if (controllerOf(previous)?.uid !== controllerOf(set)?.uid) concern(previous, enqueue);
          },
          onDelete: (set) => concern(set, enqueue),
        }),
        pods.subscribe({
          // Only Recreate waits for pods to be gone; ReplicaSets' events tell everything else.
          onDelete: (pod) => {
            const owner = controllerOf(pod);
            const set =
              owner?.kind === "ReplicaSet"
                ? replicaSets.get(`${pod.metadata.namespace}/${owner.name}`)
                : undefined;
            if (set?.metadata.uid === owner?.uid && set) concern(set, enqueue);
          },
        }),
      ],
      reconcile: createReconciler(dependencies, { deployments, pods, writer }),
    },
    dependencies,
  );
}
