import type { BackoffOptions } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { DaemonSet, Node } from "../../api/index.ts";
import {
  controllerRevisions,
  daemonSets,
  nodes as nodesResource,
  pods as podsResource,
} from "../../api/index.ts";
import { batchDelayMs } from "../batch-delay.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { EndedPods } from "../ended-pods.ts";
import { RevisionWriter, watchRevisions } from "../history/index.ts";
import { keyOf } from "../object-key.ts";
import { childrenOf, controllerOf, indexByController } from "../owner.ts";
import { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { type WatchedWorkload, watchWorkload } from "../watch-workload.ts";
import { REVISION_HASH } from "./daemon-pod.ts";
import { createReconciler } from "./reconcile.ts";

/** As kube-controller-manager has it. */
const FAILED_POD_BACKOFF: BackoffOptions = { initialMs: 1_000, maxMs: 15 * 60_000 };

/** Keeps one pod of each DaemonSet on each node that it is meant for. */
export function createDaemonSetController(
  dependencies: ControllerDependencies & { failedPodBackoff?: BackoffOptions },
): Controller {
  const { informers, clock, failedPodBackoff = FAILED_POD_BACKOFF } = dependencies;
  const sets = informers.informer(daemonSets);
  const pods = informers.informer(podsResource);
  const nodes = informers.informer(nodesResource);
  const revisions = informers.informer(controllerRevisions);
  indexByController(pods);
  indexByController(revisions);
  const kind = { resource: daemonSets, hashLabel: REVISION_HASH };
  const history = new RevisionWriter(dependencies, kind, revisions);
  const writer = new PodWriter(dependencies);
  const failures = new EndedPods(clock, failedPodBackoff);

  const watched: WatchedWorkload<DaemonSet> = {
    owners: sets,
    pods,
    forget: (key) => writer.forget(key),
    seen: (key, pod, enqueue, isDeleted) => {
      writer.observe(key, pod, isDeleted || pod.metadata.deletionTimestamp !== undefined);
      enqueue(key, batchDelayMs(childrenOf(pods, controllerOf(pod)!.uid).length));
    },
    offer: (pod, enqueue) => {
      for (const one of sets.list(pod.metadata.namespace)) if (selects(one, pod)) enqueue(keyOf(one));
    },
  };

  const enqueueAll = (enqueue: Enqueue): void => {
    for (const one of sets.list()) enqueue(keyOf(one));
  };

  return createController(
    {
      name: "daemonset",
      informers: [sets, pods, nodes, revisions],
      watch: (enqueue) => [
        ...watchWorkload(daemonSets.kind, watched, enqueue),
        nodes.subscribe({
          onAdd: () => enqueueAll(enqueue),
          onUpdate: (node, previous) => {
            if (isOtherPlace(node, previous)) enqueueAll(enqueue);
          },
          onDelete: () => enqueueAll(enqueue),
        }),
        watchRevisions(kind, { revisions, owners: sets, history }, enqueue),
      ],
      reconcile: createReconciler(dependencies, { sets, pods, nodes, history, writer, failures }),
    },
    dependencies,
  );
}

/** Whether what decides about the node's daemons has changed. */
function isOtherPlace({ metadata, spec }: Node, previous: Node): boolean {
  return (
    !jsonEquals(metadata.labels, previous.metadata.labels) || !jsonEquals(spec?.taints, previous.spec?.taints)
  );
}
