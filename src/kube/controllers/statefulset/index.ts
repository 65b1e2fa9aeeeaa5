import type { Pod } from "../../api/index.ts";
import {
  controllerRevisions,
  persistentVolumeClaims,
  pods as podsResource,
  statefulSets,
} from "../../api/index.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { RevisionWriter, watchRevisions } from "../history/index.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, indexByController } from "../owner.ts";
import { selects } from "../selectors.ts";
import { ClaimWriter } from "./claim-writer.ts";
import { mayUseClaim } from "./claims.ts";
import { partsOf } from "./ordinals.ts";
import { createReconciler } from "./reconcile.ts";
import { StatefulPodWriter } from "./stateful-pod-writer.ts";

/** The key of the set whose name is in the pod's. */
function namesakeOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${partsOf(metadata.name).parent}`;
}

/** Keeps the numbered pods of StatefulSets, each with its name and its claims, in their order. */
export function createStatefulSetController(dependencies: ControllerDependencies): Controller {
  const { informers } = dependencies;
  const sets = informers.informer(statefulSets);
  const pods = informers.informer(podsResource);
  const revisions = informers.informer(controllerRevisions);
  const claims = informers.informer(persistentVolumeClaims);
  indexByController(pods);
  indexByController(revisions);
  const kind = { resource: statefulSets, hashLabel: "controller.kubernetes.io/hash" };
  const history = new RevisionWriter(dependencies, kind, revisions);
  const claimWriter = new ClaimWriter(dependencies, claims);
  const podWriter = new StatefulPodWriter(dependencies, claimWriter);

  /** The key of the set that controls the pod. */
  const ownerKey = (pod: Pod): string | undefined => {
    const owner = controllerOf(pod);
    return owner?.kind === statefulSets.kind ? `${pod.metadata.namespace}/${owner.name}` : undefined;
  };

  const seen = (pod: Pod, enqueue: Enqueue, isDeleted = false): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    podWriter.observe(key, pod, isDeleted || pod.metadata.deletionTimestamp !== undefined);
    enqueue(key);
  };

  /** A pod that nobody controls may be taken in by the set that it has its name of. */
  const offer = (pod: Pod, enqueue: Enqueue): void => {
    const set = sets.get(namesakeOf(pod));
    if (set && !controllerOf(pod) && selects(set, pod)) enqueue(keyOf(set));
  };

  return createController(
    {
      name: "statefulset",
      informers: [sets, pods, revisions, claims],
      watch: (enqueue) => [
        sets.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one) => enqueue(keyOf(one)),
          onDelete: (one) => {
            podWriter.forget(keyOf(one));
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
            offer(pod, enqueue);
          },
          onDelete: (pod) => {
            seen(pod, enqueue, true);
            // Whosever it was: its name is free.
            if (sets.get(namesakeOf(pod))) enqueue(namesakeOf(pod));
          },
        }),
        watchRevisions(kind, { revisions, owners: sets, history }, enqueue),
        claims.subscribe({
          onDelete: ({ metadata: { namespace, name } }) => {
            for (const one of sets.list(namespace)) if (mayUseClaim(one, name)) enqueue(keyOf(one));
          },
        }),
      ],
      reconcile: createReconciler(dependencies, {
        sets,
        pods,
        history,
        writers: { pods: podWriter, claims: claimWriter },
      }),
    },
    dependencies,
  );
}
