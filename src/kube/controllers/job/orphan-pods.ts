import type { Job, Pod } from "../../api/index.ts";
import { jobs as jobsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDefinition, ControllerDependencies } from "../controller.ts";
import { isFinished, isManagedElsewhere } from "../job-state.ts";
import { keyOf } from "../object-key.ts";
import { childrenOf, controllerOf } from "../owner.ts";
import { unlessGone } from "../write-errors.ts";
import { isTracked, untrack } from "./tracking-finalizer.ts";

/** Takes the finalizer off pods that no Job counts any more, for nobody else would: their Job is gone or over. */
export function defineOrphanPods(
  { client }: ControllerDependencies,
  jobs: Informer<Job>,
  pods: Informer<Pod>,
): ControllerDefinition {
  const jobOf = (pod: Pod): Job | undefined => {
    const owner = controllerOf(pod);
    const job = jobs.get(`${pod.metadata.namespace}/${owner?.name}`);
    return job?.metadata.uid === owner?.uid ? job : undefined;
  };

  /** By what the informers show. */
  const seemsOrphaned = (pod: Pod): boolean => {
    if (!isTracked(pod)) return false;
    const owner = controllerOf(pod);
    if (owner === undefined) return true;
    if (owner.kind !== jobsResource.kind || owner.apiVersion !== "batch/v1") return false;
    const job = jobOf(pod);
    return job === undefined || (isFinished(job) && !isManagedElsewhere(job));
  };

  /** A Job that the informer does not show may only be new to it. */
  const isOrphaned = async (pod: Pod): Promise<boolean> => {
    const owner = controllerOf(pod);
    if (owner === undefined || jobOf(pod) !== undefined) return true;
    let found: Job | undefined;
    await unlessGone(
      client.get(jobsResource, pod.metadata.namespace, owner.name).then((job) => (found = job)),
    );
    return found?.metadata.uid !== owner.uid;
  };

  return {
    name: "job-orphan-pods",
    informers: [jobs, pods],
    watch: (enqueue) => {
      const look = (pod: Pod): void => {
        if (seemsOrphaned(pod)) enqueue(keyOf(pod));
      };
      const lookAtPods = ({ metadata }: Job): void => childrenOf(pods, metadata.uid).forEach(look);
      return [
        pods.subscribe({ onAdd: look, onUpdate: look }),
        jobs.subscribe({
          onUpdate: (job) => isFinished(job) && lookAtPods(job),
          onDelete: lookAtPods,
        }),
      ];
    },
    reconcile: async (key) => {
      const pod = pods.get(key);
      if (!pod || !seemsOrphaned(pod) || !(await isOrphaned(pod))) return;
      // A Job may take it in at this very moment.
      await untrack(client, pod, { resourceVersion: pod.metadata.resourceVersion });
    },
  };
}
