import { type Clock, FairLine, isGantryError, type Logger } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import { statusTimeout, statusTooLarge } from "../../api/index.ts";
import { type AuthorizationOptions, DEFAULT_AUTHORIZATION } from "../authorization/server-authorizer.ts";
import { ByteBudget } from "../byte-budget.ts";
import { RequestThread, THREAD_ENDED } from "./request-thread.ts";
import type { Job, JobResult, ThreadOptions } from "./thread-messages.ts";

export interface RequestThreadsOptions extends Omit<ThreadOptions, "authorization"> {
  /** As it is now: threads that have begun with another one do no more jobs. The usual one where it is absent. */
  authorization?: () => AuthorizationOptions;
  store: Store;
  logger: Logger;
  clock: Clock;
  limits?: Partial<ThreadLimits>;
}

export interface ThreadLimits {
  threads: number;
  /** What of one user's bodies may wait at once, and of all. */
  userBytes: number;
  totalBytes: number;
  /** How long one job may take. */
  jobMs: number;
  /** A thread without work goes after so long. */
  idleMs: number;
}

const MIB = 2 ** 20;
const DEFAULT_LIMITS: ThreadLimits = {
  threads: 1,
  userBytes: 32 * MIB,
  totalBytes: 128 * MIB,
  jobMs: 20_000,
  idleMs: 60_000,
};

/** apiserver's filters.WithTimeout. */
const LATE = "request did not complete within the allotted timeout";

interface Task {
  job: Job;
  owner: string;
  sizeBytes: number;
  signal: AbortSignal;
  result: PromiseWithResolvers<JobResult>;
}

/**
 * Work on big bodies and objects, away from the main thread: whatever they hold, nobody else waits for it. The users take
 * turns, each has a budget of bytes that wait and of time that a job may take, and a thread that runs out of memory or time
 * ends alone.
 */
export class RequestThreads {
  readonly #options: RequestThreadsOptions;
  readonly #limits: ThreadLimits;
  readonly #line = new FairLine<Task>();
  readonly #budget: ByteBudget;
  readonly #idle: RequestThread[] = [];
  readonly #all = new Set<RequestThread>();
  readonly #begunWith = new WeakMap<RequestThread, AuthorizationOptions>();
  #isStopped = false;

  constructor(options: RequestThreadsOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#budget = new ByteBudget(this.#limits);
  }

  /** How many threads there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Throws what the job throws; TooManyRequests beyond a budget, Timeout and RequestEntityTooLarge where a job takes too much. */
  async run(job: Job, owner: string, sizeBytes: number, signal: AbortSignal): Promise<JobResult> {
    signal.throwIfAborted();
    const release = this.#budget.take(owner, sizeBytes);
    const task: Task = { job, owner, sizeBytes, signal, result: Promise.withResolvers() };
    const giveUp = () => {
      if (this.#line.remove(owner, task)) task.result.reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      this.#line.push(owner, task);
      this.#next();
      return await task.result.promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
      release();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }

  #next(): void {
    if (this.#line.isEmpty) return;
    const thread = this.#takeIdle() ?? this.#start();
    if (!thread) return;
    void this.#work(thread, this.#line.shift()!);
  }

  get #authorization(): AuthorizationOptions {
    return this.#options.authorization?.() ?? DEFAULT_AUTHORIZATION;
  }

  #takeIdle(): RequestThread | undefined {
    const thread = this.#idle.pop();
    if (!thread || this.#begunWith.get(thread) === this.#authorization) return thread;
    void thread.end();
    return undefined;
  }

  #start(): RequestThread | undefined {
    if (this.#isStopped || this.#all.size >= this.#limits.threads) return undefined;
    const { store, clock, serviceCidr, nodePorts, admissionPlugins, eventTtlSeconds, allowsPrivileged } =
      this.#options;
    const current = this.#authorization;
    const { reloaded: _, ...authorization } = current;
    const options = {
      serviceCidr,
      nodePorts,
      admissionPlugins,
      authorization,
      eventTtlSeconds,
      allowsPrivileged,
    };
    const thread = new RequestThread({ store, clock, options });
    this.#begunWith.set(thread, current);
    this.#all.add(thread);
    void thread.ended.then(() => {
      this.#all.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#next();
    });
    return thread;
  }

  async #work(thread: RequestThread, task: Task): Promise<void> {
    const { clock, logger } = this.#options;
    const { jobMs, idleMs } = this.#limits;
    let isLate = false;
    const cancel = clock.after(jobMs, () => {
      isLate = true;
      void thread.end();
    });
    try {
      task.result.resolve(await thread.run(task.job));
    } catch (error) {
      task.result.reject(isLate ? statusTimeout(LATE) : memoryAsStatus(error));
      if (isLate || isThreadEnd(error)) {
        logger.warn("a request took too much, and its thread was ended", {
          user: task.owner,
          bytes: task.sizeBytes,
          why: isLate ? "time" : "memory",
        });
      }
    } finally {
      cancel();
    }
    if (!thread.isAlive) return;
    this.#idle.push(thread);
    thread.endAfter(idleMs);
    this.#next();
  }
}

function isThreadEnd(error: unknown): boolean {
  return isGantryError(error) && error.code === THREAD_ENDED;
}

/** A thread ends by itself when its memory is used up. */
function memoryAsStatus(error: unknown): unknown {
  return isThreadEnd(error) ? statusTooLarge("the request needs more memory than one may take") : error;
}
