import { errorMessage, isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import { type CronSchedule, jsonEquals, timeZoneProblem } from "../../../formats/index.ts";
import type { CronJob, CronJobStatus, Job, ObjectReference } from "../../api/index.ts";
import { cronJobs as cronJobsResource, jobs as jobsResource, timeMs } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { finishedConditionOf } from "../job-state.ts";
import { OwnWrites } from "../own-writes.ts";
import { childrenOf, controllerOf } from "../owner.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import { jobsBeyondHistory } from "./history.ts";
import { deadlineStartMs, missedTimes, nextInMs, scheduleOf } from "./schedule.ts";
import { jobNameOf, scheduledJob } from "./scheduled-job.ts";

export interface CronJobSources {
  cronJobs: Informer<CronJob>;
  jobs: Informer<Job>;
}

/** A CronJob whose status is being worked out. */
type CronJobDraft = CronJob & { status: CronJobStatus & { active: ObjectReference[] } };

/** Starts one CronJob's Jobs at their times, and tells in its status what became of them. */
export class CronJobReconciler {
  readonly #dependencies: ControllerDependencies;
  readonly #sources: CronJobSources;
  /** With an older status a Job that has ended and is gone could be started once more. */
  readonly #written: OwnWrites<CronJob>;

  constructor(dependencies: ControllerDependencies, sources: CronJobSources) {
    this.#dependencies = dependencies;
    this.#sources = sources;
    this.#written = new OwnWrites(sources.cronJobs);
  }

  async reconcile(key: string, enqueue: Enqueue): Promise<void> {
    const cronJob = this.#written.newest(key);
    if (!cronJob) return this.#written.forget(key);
    const jobs = childrenOf(this.#sources.jobs, cronJob.metadata.uid);
    const draft = draftOf(cronJob);
    for (const job of jobsBeyondHistory(cronJob, jobs)) await this.#delete(draft, job);
    const outcome = await this.#work(draft, jobs).then(
      (waitMs) => ({ waitMs }),
      (problem: unknown) => ({ problem }),
    );
    await this.#writeStatus(cronJob, draft);
    if ("problem" in outcome) throw outcome.problem;
    if (outcome.waitMs !== undefined) enqueue(key, outcome.waitMs);
  }

  /** Returns when there is something to do again. */
  async #work(draft: CronJobDraft, jobs: readonly Job[]): Promise<number | undefined> {
    for (const job of jobs) await this.#look(draft, job);
    await this.#forgetMissing(draft, jobs);
    if (draft.metadata.deletionTimestamp !== undefined) return undefined;
    const { timeZone, suspend } = draft.spec;
    const why = timeZone === undefined ? undefined : timeZoneProblem(timeZone);
    if (why !== undefined) {
      this.#warn(draft, "UnknownTimeZone", `invalid timeZone: ${JSON.stringify(timeZone)}: ${why}`);
      return undefined;
    }
    const schedule = suspend ? undefined : this.#schedule(draft);
    return schedule && this.#start(draft, schedule);
  }

  /** What one of its Jobs has come to. */
  async #look(draft: CronJobDraft, job: Job): Promise<void> {
    const { name, uid } = job.metadata;
    const isListed = draft.status.active.some((one) => one.uid === uid);
    const finished = finishedConditionOf(job);
    if (!finished && !isListed) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      if (!(await this.#isListed(draft, uid))) this.#warn(draft, "UnexpectedJob", message);
    }
    if (!finished) return;
    if (isListed) {
      dropActive(draft, uid);
      this.#tell(draft, "SawCompletedJob", `Saw completed job: ${name}, condition: ${finished.type}`);
    }
    if (finished.type === "Complete") noteSuccess(draft, job);
  }

  /** Whether the status has it that the server has. */
  async #isListed({ metadata }: CronJob, uid: string): Promise<boolean> {
    const { status } = await this.#dependencies.client.get(
      cronJobsResource,
      metadata.namespace,
      metadata.name,
    );
    return status?.active?.some((one) => one.uid === uid) === true;
  }

  /** A Job that the informer does not show may be new; asked live, so that nothing stays active that is gone. */
  async #forgetMissing(draft: CronJobDraft, jobs: readonly Job[]): Promise<void> {
    const known = new Set(jobs.map(({ metadata }) => metadata.uid));
    for (const { namespace, name = "", uid = "" } of [...draft.status.active]) {
      if (known.has(uid)) continue;
      if (await unlessGone(this.#dependencies.client.get(jobsResource, namespace, name))) continue;
      this.#tell(draft, "MissingJob", `Active job went missing: ${name}`);
      dropActive(draft, uid);
    }
  }

  #schedule(draft: CronJobDraft): CronSchedule | undefined {
    const { schedule } = draft.spec;
    const quoted = JSON.stringify(schedule);
    if (schedule.includes("TZ")) {
      const more = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";
      const message = `CRON_TZ or TZ used in schedule ${quoted} is not officially supported, see ${more}`;
      this.#warn(draft, "UnsupportedSchedule", message);
    }
    try {
      return scheduleOf(draft);
    } catch (error) {
      this.#warn(draft, "UnparseableSchedule", `unparseable schedule: ${quoted} : ${errorMessage(error)}`);
      return undefined;
    }
  }

  /** Starts a Job where one is due; returns how long until the next one is. */
  async #start(draft: CronJobDraft, schedule: CronSchedule): Promise<number | undefined> {
    const nowMs = this.#dependencies.clock.nowMs();
    const due = this.#due(draft, schedule, nowMs);
    if (due === "invalid") return undefined;
    if (due !== undefined && this.#mayStart(draft, due, nowMs)) {
      if (draft.spec.concurrencyPolicy === "Replace") await this.#deleteActive(draft);
      const job = await this.#create(draft, due);
      if (job !== undefined) {
        draft.status.active.push(referenceTo(job));
        draft.status.lastScheduleTime = rfc3339Seconds(due);
      }
    }
    return nextInMs(draft, schedule, nowMs);
  }

  /** The last time that has passed without a Job. */
  #due(draft: CronJobDraft, schedule: CronSchedule, nowMs: number): number | undefined | "invalid" {
    try {
      const { lastMs, missed } = missedTimes(draft, schedule, nowMs, deadlineStartMs(draft, nowMs));
      if (lastMs !== undefined && missed === "many") this.#warn(draft, "TooManyMissedTimes", TOO_MANY);
      return lastMs;
    } catch (error) {
      const message = `invalid schedule: ${draft.spec.schedule} : ${errorMessage(error)}`;
      this.#warn(draft, "InvalidSchedule", message);
      return "invalid";
    }
  }

  #mayStart(draft: CronJobDraft, dueMs: number, nowMs: number): boolean {
    const { active, lastScheduleTime } = draft.status;
    const startMs = deadlineStartMs(draft, nowMs);
    if (startMs !== undefined && dueMs < startMs) {
      const time = new Date(dueMs).toUTCString().replace("GMT", "+0000");
      this.#warn(draft, "MissSchedule", `Missed scheduled time to start a job: ${time}`);
      return false;
    }
    const name = jobNameOf(draft, dueMs);
    if (active.some((one) => one.name === name) || timeMs(lastScheduleTime) === dueMs) return false;
    if (draft.spec.concurrencyPolicy !== "Forbid" || active.length === 0) return true;
    this.#tell(draft, "JobAlreadyActive", ALREADY_ACTIVE);
    return false;
  }

  async #deleteActive(draft: CronJobDraft): Promise<void> {
    for (const { namespace, name = "" } of [...draft.status.active]) {
      const job = await this.#dependencies.client.get(jobsResource, namespace, name).catch((error) => {
        this.#warn(draft, "FailedGet", `Get job: ${errorMessage(error)}`);
        throw error;
      });
      const problem = await this.#delete(draft, job);
      if (problem !== undefined) throw problem;
    }
  }

  /** Undefined where it stands in no list of ours: somebody else has made it, or its namespace ends. */
  async #create(draft: CronJobDraft, dueMs: number): Promise<Job | undefined> {
    const { client } = this.#dependencies;
    try {
      const job = await client.create(jobsResource, scheduledJob(draft, dueMs));
      this.#tell(draft, "SuccessfulCreate", `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (isGantryError(error, "AlreadyExists")) return this.#found(draft, dueMs);
      this.#warn(draft, "FailedCreate", `Error creating job: ${errorMessage(error)}`);
      throw error;
    }
  }

  /** It was made before, and the status could not be written. */
  async #found(draft: CronJobDraft, dueMs: number): Promise<Job | undefined> {
    const { namespace, uid } = draft.metadata;
    const job = await this.#dependencies.client.get(jobsResource, namespace, jobNameOf(draft, dueMs));
    const isListed = draft.status.active.some((one) => one.uid === job.metadata.uid);
    return controllerOf(job)?.uid === uid && !isListed ? job : undefined;
  }

  /** With its pods; returns what went wrong. */
  async #delete(draft: CronJobDraft, job: Job): Promise<unknown> {
    const { namespace, name, uid } = job.metadata;
    const options = { propagationPolicy: "Background", preconditions: { uid } } as const;
    try {
      await this.#dependencies.client.delete(jobsResource, namespace, name, options);
    } catch (error) {
      this.#warn(draft, "FailedDelete", `Deleted job: ${errorMessage(error)}`);
      return error;
    }
    dropActive(draft, uid);
    this.#tell(draft, "SuccessfulDelete", `Deleted job ${name}`);
    return undefined;
  }

  async #writeStatus(cronJob: CronJob, draft: CronJobDraft): Promise<void> {
    const { active, ...others } = draft.status;
    const status = active.length > 0 ? { active, ...others } : others;
    if (jsonEquals(status, cronJob.status ?? {})) return;
    this.#written.note(
      await this.#dependencies.client.updateStatus(cronJobsResource, { ...cronJob, status }),
    );
  }

  #tell(cronJob: CronJob, reason: string, message: string): void {
    this.#dependencies.recorder.event(cronJob, "Normal", reason, message);
  }

  #warn(cronJob: CronJob, reason: string, message: string): void {
    this.#dependencies.recorder.event(cronJob, "Warning", reason, message);
  }
}

const TOO_MANY =
  "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
const ALREADY_ACTIVE = "Not starting job because prior execution is running and concurrency policy is Forbid";

function draftOf(cronJob: CronJob): CronJobDraft {
  return { ...cronJob, status: { ...cronJob.status, active: [...(cronJob.status?.active ?? [])] } };
}

function dropActive({ status }: CronJobDraft, uid: string): void {
  status.active = status.active.filter((one) => one.uid !== uid);
}

function noteSuccess({ status }: CronJobDraft, job: Job): void {
  const { completionTime } = job.status ?? {};
  if (completionTime === undefined) return;
  if (status.lastSuccessfulTime === undefined || timeMs(completionTime) > timeMs(status.lastSuccessfulTime))
    status.lastSuccessfulTime = completionTime;
}

function referenceTo({ apiVersion, kind, metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, ...(namespace ? { namespace } : {}), name, uid, apiVersion, resourceVersion };
}
