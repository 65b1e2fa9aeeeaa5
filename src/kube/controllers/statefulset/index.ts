import type { PersistentVolumeClaim, Pod, StatefulSet } from "../../api/index.ts";
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
import { indexByController } from "../owner.ts";
import { selects } from "../selectors.ts";
import { type WatchedWorkload, watchWorkload } from "../watch-workload.ts";
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

  const watched: WatchedWorkload<StatefulSet> = {
    owners: sets,
    pods,
    forget: (key) => podWriter.forget(key),
    seen: (key, pod, enqueue, isDeleted) => {
      podWriter.observe(key, pod, isDeleted || pod.metadata.deletionTimestamp !== undefined);
      enqueue(key);
    },
    /** Only the set that it has its name of takes it in. */
    offer: (pod, enqueue) => {
      const set = sets.get(namesakeOf(pod));
      if (set && selects(set, pod)) enqueue(keyOf(set));
    },
    /** Whosever it was: its name is free. */
    onPodGone: (pod, enqueue) => {
      if (sets.get(namesakeOf(pod))) enqueue(namesakeOf(pod));
    },
  };

  const offerClaim =
    (enqueue: Enqueue) =>
    ({ metadata: { namespace, name } }: PersistentVolumeClaim): void => {
      for (const one of sets.list(namespace)) if (mayUseClaim(one, name)) enqueue(keyOf(one));
    };

  return createController(
    {
      name: "statefulset",
      informers: [sets, pods, revisions, claims],
      watch: (enqueue) => [
        ...watchWorkload(statefulSets.kind, watched, enqueue),
        watchRevisions(kind, { revisions, owners: sets, history }, enqueue),
        // What was just made gets its owners once the informer shows it; what went away is made anew.
        claims.subscribe({ onAdd: offerClaim(enqueue), onDelete: offerClaim(enqueue) }),
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
