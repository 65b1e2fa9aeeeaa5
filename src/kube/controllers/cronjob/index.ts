import type { CronJob, Job } from "../../api/index.ts";
import { cronJobs as cronJobsResource, jobs as jobsResource } from "../../api/index.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf, indexByController } from "../owner.ts";
import { CronJobReconciler } from "./reconcile.ts";
import { nextInMs, scheduleOf } from "./schedule.ts";

/** Starts Jobs at the times that CronJobs say. */
export function createCronJobController(dependencies: ControllerDependencies): Controller {
  const { informers, recorder, clock } = dependencies;
  const cronJobs = informers.informer(cronJobsResource);
  const jobs = informers.informer(jobsResource);
  indexByController(jobs);
  const reconciler = new CronJobReconciler(dependencies, { cronJobs, jobs });

  const seen = (job: Job, enqueue: Enqueue): void => {
    const owner = controllerOf(job);
    if (owner?.kind === cronJobsResource.kind) enqueue(`${job.metadata.namespace}/${owner.name}`);
  };

  /** A new schedule counts from its next time on: none that it names in the past is made up for. */
  const rescheduled = (cronJob: CronJob, enqueue: Enqueue): void => {
    try {
      const waitMs = nextInMs(cronJob, scheduleOf(cronJob), clock.nowMs());
      if (waitMs !== undefined) enqueue(keyOf(cronJob), waitMs);
    } catch {
      const message = `unparseable schedule for cronjob: ${cronJob.spec.schedule}`;
      recorder.event(cronJob, "Warning", "UnParseableCronJobSchedule", message);
    }
  };

  return createController(
    {
      name: "cronjob",
      informers: [cronJobs, jobs],
      watch: (enqueue) => [
        cronJobs.subscribe({
          onAdd: (one) => enqueue(keyOf(one)),
          onUpdate: (one, previous) => {
            const [now, before] = [one.spec, previous.spec];
            if (now.schedule !== before.schedule || now.timeZone !== before.timeZone)
              rescheduled(one, enqueue);
            else enqueue(keyOf(one));
          },
          onDelete: (one) => enqueue(keyOf(one)),
        }),
        jobs.subscribe({
          onAdd: (job) => seen(job, enqueue),
          onUpdate: (job, previous) => {
            seen(job, enqueue);
            if (controllerOf(previous)?.uid !== controllerOf(job)?.uid) seen(previous, enqueue);
          },
          onDelete: (job) => seen(job, enqueue),
        }),
      ],
      reconcile: (key, enqueue) => reconciler.reconcile(key, enqueue),
    },
    dependencies,
  );
}
