import { type BackoffOptions, rfc3339Seconds } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Job, Pod } from "../../api/index.ts";
import { jobs as jobsResource, pods as podsResource } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies, Enqueue } from "../controller.ts";
import { isFinished, isManagedElsewhere } from "../job-state.ts";
import { newest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { OwnWrites } from "../own-writes.ts";
import { claimChildren } from "../owner.ts";
import { isReady } from "../pod-state.ts";
import type { PodWriter } from "../pod-writer.ts";
import { selects } from "../selectors.ts";
import { type Failures, NO_FAILURES, nextFailures } from "./backoff.ts";
import { COMPLETIONS_REACHED, deadlineInMs, endOfJob, isComplete, type JobEnd } from "./end-of-job.ts";
import { type News, noteEnd, noteOver, noteSuspension } from "./milestones.ts";
import { type ObservedJob, observeJob } from "./observed-job.ts";
import { planScaling } from "./scaling.ts";
import { draftOf, type StatusDraft, statusOf } from "./status-draft.ts";
import { settleUncounted, trackPods } from "./tracking.ts";
import { type FinalizerRemovals, TRACKING_FINALIZER, untrack } from "./tracking-finalizer.ts";

export interface JobSources {
  jobs: Informer<Job>;
  pods: Informer<Pod>;
  writer: PodWriter;
  removals: FinalizerRemovals;
  podFailureBackoff: BackoffOptions;
}

/** One pass over a Job: what was seen at its beginning, and what the status becomes. */
interface Pass {
  key: string;
  observed: ObservedJob;
  draft: StatusDraft;
  /** Since the last success, with those that this pass has seen. */
  failures: Failures;
  /** The informer shows all pods that were made and deleted. */
  isSettled: boolean;
  nowMs: number;
  enqueue: Enqueue;
}

/** What a pass did to the pods, and why the Job is to end, if it is. */
interface Steered {
  active: number;
  deleted: readonly Pod[];
  end?: JobEnd | undefined;
  news?: readonly News[];
  problem?: unknown;
}

/** Brings one Job's pods to what it asks for, counts those that have ended, and ends it. */
export class JobReconciler {
  readonly #dependencies: ControllerDependencies;
  readonly #sources: JobSources;
  /** Pods show what the last status made of them before the informer shows that status: with an older one they count twice. */
  readonly #written: OwnWrites<Job>;
  readonly #failures = new Map<string, Failures>();

  constructor(dependencies: ControllerDependencies, sources: JobSources) {
    this.#dependencies = dependencies;
    this.#sources = sources;
    this.#written = new OwnWrites(sources.jobs);
  }

  async reconcile(key: string, enqueue: Enqueue): Promise<void> {
    const { jobs, writer } = this.#sources;
    if (!jobs.get(key)) return this.forget(key);
    const isSettled = await writer.isSettled(key);
    const job = this.#written.newest(key);
    if (!job || isManagedElsewhere(job)) return;
    if (isFinished(job)) {
      this.#failures.delete(key);
      return;
    }
    const pass = await this.#begin(job, { key, isSettled, enqueue });
    const steered = await this.#steer(pass);
    await this.#track(pass, steered);
    if (steered.problem !== undefined) throw steered.problem;
  }

  forget(key: string): void {
    this.#sources.writer.forget(key);
    this.#sources.removals.forget(key);
    this.#written.forget(key);
    this.#failures.delete(key);
  }

  async #begin(job: Job, part: Pick<Pass, "key" | "isSettled" | "enqueue">): Promise<Pass> {
    const { pods, removals } = this.#sources;
    const claimed = await this.#claim(job);
    // In one instant: a removal that has just shown is awaited no more, and its pod must be the one that shows it, or gone.
    const now = claimed.flatMap((pod) =>
      pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid ? [newest(pods, pod)] : [],
    );
    const observed = observeJob(job, now, (uid) => removals.isRemoved(part.key, uid));
    const draft = draftOf(job.status);
    const nowMs = this.#dependencies.clock.nowMs();
    if (!job.spec.suspend) draft.startTime ??= rfc3339Seconds(nowMs);
    const known = this.#failures.get(part.key) ?? NO_FAILURES;
    const failures = nextFailures(known, observed.newlySucceeded, observed.newlyFailed);
    return { ...part, observed, draft, failures, nowMs };
  }

  #claim(job: Job): Promise<Pod[]> {
    return claimChildren({
      client: this.#dependencies.client,
      owner: job,
      ownerResource: jobsResource,
      children: this.#sources.pods,
      childResource: podsResource,
      matches: (pod) => selects(job, pod),
      finalizer: TRACKING_FINALIZER,
    });
  }

  async #steer(pass: Pass): Promise<Steered> {
    const { key, observed, draft, nowMs, isSettled, enqueue } = pass;
    const { job } = observed;
    const end = endOfJob(observed, draft.startTime, nowMs);
    if (end) return this.#stopPods(pass, end);
    const deadlineMs = deadlineInMs(observed, draft.startTime, nowMs);
    if (deadlineMs !== undefined) enqueue(key, deadlineMs);
    const mayScale = isSettled && job.metadata.deletionTimestamp === undefined;
    const scaled = mayScale ? await this.#scale(pass) : { active: observed.active.length, deleted: [] };
    if (isSettled && isComplete(observed, scaled.active)) return { ...scaled, end: COMPLETIONS_REACHED };
    return mayScale ? { ...scaled, news: noteSuspension(job, draft, nowMs) } : scaled;
  }

  /** The end only stands once no pod runs any more, nor one that the informer does not show. */
  async #stopPods({ observed, isSettled }: Pass, end: JobEnd): Promise<Steered> {
    const { job, active } = observed;
    const { deleted, problem } = await this.#sources.writer.delete(job, active);
    const left = active.length - deleted.length;
    return { active: left, deleted, problem, end: left === 0 && isSettled ? end : undefined };
  }

  async #scale({ key, observed, failures, nowMs, enqueue }: Pass): Promise<Steered> {
    const { writer, podFailureBackoff } = this.#sources;
    const { job } = observed;
    const active = observed.active.length;
    const plan = planScaling(observed, failures, nowMs, podFailureBackoff);
    if ("waitMs" in plan) {
      enqueue(key, plan.waitMs);
      return { active, deleted: [] };
    }
    if ("make" in plan) {
      const { made, problem } = await writer.create(job, plan.make);
      return { active: active + made, deleted: [], problem };
    }
    // What is deleted so is no failure of the Job's: it loses the finalizer first.
    const prepare = (pod: Pod) => untrack(this.#dependencies.client, pod);
    const { deleted, problem } = await writer.delete(job, plan.remove, prepare);
    return { active: active - deleted.length, deleted, problem };
  }

  /** First the status says which pods have ended, then they lose their finalizer, then they are counted. */
  async #track(pass: Pass, { active, deleted, end, news = [] }: Steered): Promise<void> {
    const { key, observed, draft, nowMs } = pass;
    draft.active = active;
    draft.ready = observed.active.filter((pod) => isReady(pod) && !deleted.includes(pod)).length;
    draft.terminating = observed.terminating.length + deleted.length;
    const { release, isWhole } = trackPods(observed, draft, end);
    if (end) noteEnd(draft, end, nowMs);
    const job = await this.#write(observed.job, draft, news);
    if (job !== observed.job) this.#failures.set(key, pass.failures);
    const { removed, problem } = await this.#sources.removals.remove(key, release);
    const next = draftOf(job.status);
    const uids = observed.tracked.map(({ metadata }) => metadata.uid);
    settleUncounted(next, new Set(uids.filter((uid) => !removed.has(uid))));
    const isOver = end !== undefined && isWhole && problem === undefined;
    await this.#write(job, next, isOver ? noteOver(job, next, end, nowMs) : []);
    if (problem !== undefined) throw problem;
  }

  /** Returns the Job with this status, the same object where nothing changes. Fails where somebody else has written it. */
  async #write(job: Job, draft: StatusDraft, news: readonly News[]): Promise<Job> {
    const status = statusOf(draft);
    if (jsonEquals(status, job.status ?? {})) return job;
    const { client, recorder } = this.#dependencies;
    const written = await client.updateStatus(jobsResource, { ...job, status });
    this.#written.note(written);
    for (const { type, reason, message } of news) recorder.event(job, type, reason, message);
    return written;
  }
}
