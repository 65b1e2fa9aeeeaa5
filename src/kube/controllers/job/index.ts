import type { BackoffOptions } from "../../../base/index.ts";
import type { Job } from "../../api/index.ts";
import { jobs as jobsResource, pods as podsResource } from "../../api/index.ts";
import { batchDelayMs } from "../batch-delay.ts";
import {
  type Controller,
  type ControllerDefinition,
  type ControllerDependencies,
  createController,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { childrenOf, controllerOf, indexByController } from "../owner.ts";
import { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { together } from "../together.ts";
import { type WatchedWorkload, watchWorkload } from "../watch-workload.ts";
import { POD_FAILURE_BACKOFF } from "./backoff.ts";
import { defineOrphanPods } from "./orphan-pods.ts";
import { JobReconciler } from "./reconcile.ts";
import { FinalizerRemovals, isTracked } from "./tracking-finalizer.ts";

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

  const watched: WatchedWorkload<Job> = {
    owners: jobs,
    pods,
    forget: (key) => reconciler.forget(key),
    seen: (key, pod, enqueue, isDeleted) => {
      writer.observe(key, pod, isDeleted || pod.metadata.deletionTimestamp !== undefined);
      if (isDeleted || !isTracked(pod)) removals.observe(key, pod);
      enqueue(key, batchDelayMs(childrenOf(pods, controllerOf(pod)!.uid).length));
    },
    left: (key, pod) => {
      if (!isTracked(pod)) removals.observe(key, pod);
    },
    offer: (pod, enqueue) => {
      for (const one of jobs.list(pod.metadata.namespace)) if (selects(one, pod)) enqueue(keyOf(one));
    },
  };

  const definition: ControllerDefinition = {
    name: "job",
    informers: [jobs, pods],
    watch: (enqueue) => watchWorkload(jobsResource.kind, watched, enqueue),
    reconcile: (key, enqueue) => reconciler.reconcile(key, enqueue),
  };
  const orphans = defineOrphanPods(dependencies, jobs, pods);
  return together(
    "job",
    [definition, orphans].map((one) => createController(one, dependencies)),
  );
}
