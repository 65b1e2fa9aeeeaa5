import type { Pod } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import { batchDelayMs } from "../batch-delay.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, indexByController } from "../owner.ts";
import { isActive } from "../pod-state.ts";
import { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { type WatchedWorkload, watchWorkload } from "../watch-workload.ts";
import { createReconciler } from "./reconcile.ts";
import type { ReplicaKind, ReplicaOwner } from "./replica-owner.ts";

/** Keeps as many pods of each template as its owner, of this kind, asks for. */
export function createReplicaController(kind: ReplicaKind, dependencies: ControllerDependencies): Controller {
  const { informers } = dependencies;
  const owners = informers.informer(kind.resource);
  const pods = informers.informer(podsResource);
  indexByController(pods);
  indexByController(owners);
  const writer = new PodWriter(dependencies);

  const watched: WatchedWorkload<ReplicaOwner> = {
    owners,
    pods,
    statusDelayMs: ({ spec }) => batchDelayMs(spec.replicas ?? 1),
    forget: (key) => writer.forget(key),
    seen: (key, pod, enqueue, isDeleted) => {
      writer.observe(key, pod, isDeleted || !isActive(pod));
      enqueue(key, batchDelayMs(owners.get(key)?.spec.replicas ?? 1));
    },
    offer: (pod, enqueue, previous) => {
      if (previous && !mayBeNews(pod, previous)) return;
      for (const one of owners.list(pod.metadata.namespace)) if (selects(one, pod)) enqueue(keyOf(one));
    },
  };

  return createController(
    {
      name: kind.name,
      informers: [owners, pods],
      watch: (enqueue) => watchWorkload(kind.resource.kind, watched, enqueue),
      reconcile: createReconciler(dependencies, { kind, owners, pods, writer }),
    },
    dependencies,
  );
}

/** Whether the change may have made the pod one to take in. */
function mayBeNews(pod: Pod, previous: Pod): boolean {
  if (controllerOf(previous)) return true;
  return JSON.stringify(pod.metadata.labels) !== JSON.stringify(previous.metadata.labels);
}
