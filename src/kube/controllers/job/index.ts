import type { BackoffOptions } from "../../../base/index.ts";
import type { Job, Pod } from "../../api/index.ts";
import { jobs as jobsResource, pods as podsResource } from "../../api/index.ts";
import {
  type Controller,
  type ControllerDefinition,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { childrenOf, controllerOf, indexByController } from "../owner.ts";
import { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { together } from "../together.ts";
import { POD_FAILURE_BACKOFF } from "./backoff.ts";
import { defineOrphanPods } from "./orphan-pods.ts";
import { JobReconciler } from "./reconcile.ts";
import { FinalizerRemovals, isTracked } from "./tracking-finalizer.ts";

/** Above this many pods the changes of a moment are worked off together, for each pass goes through all of them. */
const BATCH_FROM = 20;
const MAX_BATCH_MS = 1_000;

/** Runs the pods of Jobs until as many of them have succeeded as are asked for, or too many have failed. */
export function createJobController(
  dependencies: ControllerDependencies & { podFailureBackoff?: BackoffOptions },
): Controller {
  const { informers, podFailureBackoff = POD_FAILURE_BACKOFF } = dependencies;
  const jobs = informers.informer(jobsResource);
  const pods = informers.informer(podsResource);
  indexByController(pods);
  const writer = new PodWriter(dependencies);
  const removals = new FinalizerRemovals(dependencies);
  const reconciler = new JobReconciler(dependencies, { jobs, pods, writer, removals, podFailureBackoff });

  /** The key of the Job that controls the pod. */
  const ownerKey = (pod: Pod): string | undefined => {
    const owner = controllerOf(pod);
    return owner?.kind === jobsResource.kind ? `${pod.metadata.namespace}/${owner.name}` : undefined;
  };

  const batchMs = (pod: Pod): number => {
    const count = childrenOf(pods, controllerOf(pod)?.uid ?? "").length;
    return count <= BATCH_FROM ? 0 : Math.min(MAX_BATCH_MS, count);
  };

  const seen = (pod: Pod, enqueue: Enqueue, isDeleted = false): void => {
    const key = ownerKey(pod);
    if (key === undefined) return;
    writer.observe(key, pod, isDeleted || pod.metadata.deletionTimestamp !== undefined);
    if (isDeleted || !isTracked(pod)) removals.observe(key, pod);
    enqueue(key, batchMs(pod));
  };

  /** A pod that nobody controls may be taken in by those that select it. */
  const offer = (pod: Pod, enqueue: Enqueue): void => {
    if (controllerOf(pod)) return;
    for (const one of jobs.list(pod.metadata.namespace)) if (selects(one, pod)) enqueue(keyOf(one));
  };

  const definition: ControllerDefinition = {
    name: "job",
    informers: [jobs, pods],
    watch: (enqueue) => {
      const add = (job: Job): void => enqueue(keyOf(job));
      return [
        jobs.subscribe({
          onAdd: add,
          onUpdate: add,
          onDelete: (job) => {
            reconciler.forget(keyOf(job));
            add(job);
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
            if (before !== undefined && before !== ownerKey(pod)) {
              if (!isTracked(pod)) removals.observe(before, pod);
              enqueue(before);
            }
            offer(pod, enqueue);
          },
          onDelete: (pod) => seen(pod, enqueue, true),
        }),
      ];
    },
    reconcile: (key, enqueue) => reconciler.reconcile(key, enqueue),
  };
  const orphans = defineOrphanPods(dependencies, jobs, pods);
  return together(
    "job",
    [definition, orphans].map((one) => createController(one, dependencies)),
  );
}
