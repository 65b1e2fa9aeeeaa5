import type { Job } from "../../api/index.ts";
import { jobs as jobsResource, timeMs } from "../../api/index.ts";
import { type Controller, type ControllerDependencies, createController } from "../controller.ts";
import { finishedConditionOf } from "../job-state.ts";
import { keyOf, splitKey } from "../object-key.ts";
import { unlessGone } from "../write-errors.ts";

/** Deletes Jobs, and their pods before them, once they have been over for as long as they say. */
export function createTtlAfterFinishedController(dependencies: ControllerDependencies): Controller {
  const { client, informers, clock } = dependencies;
  const jobs = informers.informer(jobsResource);

  /** The Job as it stands; its time may have been changed a moment ago. */
  const live = async (key: string): Promise<Job | undefined> => {
    const { namespace, name } = splitKey(key);
    let found: Job | undefined;
    await unlessGone(client.get(jobsResource, namespace, name).then((job) => (found = job)));
    return found;
  };

  return createController(
    {
      name: "ttl-after-finished",
      informers: [jobs],
      watch: (enqueue) => {
        const look = (job: Job): void => {
          if (expiresAtMs(job) !== undefined) enqueue(keyOf(job));
        };
        return [jobs.subscribe({ onAdd: look, onUpdate: look })];
      },
      reconcile: async (key, enqueue) => {
        const leftMs = (job: Job | undefined): number | undefined => {
          const atMs = job && expiresAtMs(job);
          return atMs === undefined ? undefined : atMs - clock.nowMs();
        };
        const known = leftMs(jobs.get(key));
        if (known === undefined) return;
        if (known > 0) return enqueue(key, known);
        const fresh = await live(key);
        const left = leftMs(fresh);
        if (left === undefined) return;
        if (left > 0) return enqueue(key, left);
        const { namespace, name, uid } = fresh!.metadata;
        await unlessGone(
          client.delete(jobsResource, namespace, name, {
            propagationPolicy: "Foreground",
            preconditions: { uid },
          }),
        );
      },
    },
    dependencies,
  );
}

/** When the Job is to go, wall-clock milliseconds; undefined where it stays, is not over, or goes already. */
function expiresAtMs(job: Job): number | undefined {
  const finished = finishedConditionOf(job);
  const { ttlSecondsAfterFinished } = job.spec;
  if (job.metadata.deletionTimestamp !== undefined || ttlSecondsAfterFinished === undefined) return undefined;
  const finishedMs = timeMs(finished?.lastTransitionTime);
  return Number.isNaN(finishedMs) ? undefined : finishedMs + ttlSecondsAfterFinished * 1000;
}
