import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errorMessage, GantryError, type Logger, systemClock } from "../../base/index.ts";
import type { ImageService } from "../../images/types.ts";
import { collectionPolicy } from "../cache/collection-policy.ts";
import { pruneCache } from "../cache/prune.ts";
import { ResultCache } from "../cache/result-cache.ts";
import { SharedRuns } from "../cache/shared-runs.ts";
import { cacheUsage } from "../cache/usage.ts";
import { CacheMounts } from "../operations/cache-mounts.ts";
import type { OperationHost, OperationResult } from "../operations/operation-context.ts";
import { GitRepositories } from "../sources/git/git-repositories.ts";
import { LocalSource } from "../sources/local-source.ts";
import type { RunExecutor } from "../types.ts";
import { Workspace } from "../workspace.ts";
import { LocalSolveJob, type OperationShare } from "./solve-job.ts";
import type { CacheUsage, JobOptions, PruneOptions, SolveJob, Solver } from "./types.ts";

export interface SolverOptions {
  /** `<home>/build/solver`. */
  stateDir: string;
  images: ImageService;
  executor: RunExecutor;
  /** Removes a container that a killed build left behind. */
  removeContainer: (id: string) => Promise<void>;
  logger: Logger;
  clock?: Clock;
  limits?: { contextBytes?: number; contextEntries?: number };
}

/** A solver that has to be opened before use. */
export interface LocalSolver extends Solver {
  /** Removes what an earlier, killed program left behind. */
  open(): Promise<void>;
  /** Cancels what runs. */
  close(): Promise<void>;
}

const DEFAULT_LIMIT_BYTES = 64 * 1024 ** 3;
const DEFAULT_LIMIT_ENTRIES = 4_000_000;
/** How often it is written down when results were used. */
const FLUSH_INTERVAL_MS = 60_000;
/** How long after a build the cache is held to its limits. */
const COLLECT_DELAY_MS = 60_000;

/**
 * Solves builds on this machine. What it keeps, below its directory:
 *
 *     results/        one file for each operation's result that is known
 *     cache-mounts/   directories of `RUN --mount=type=cache`
 *     locals/         clients' directories as they were sent last
 *     git/            copies of remote repositories
 *     contexts/ mounts/ markers/   what builds use while they run (Workspace)
 */
export function createSolver(options: SolverOptions): LocalSolver {
  return new DiskSolver(options);
}

class DiskSolver implements LocalSolver {
  readonly #options: SolverOptions;
  readonly #clock: Clock;
  readonly #host: OperationHost;
  readonly #workspace: Workspace;
  readonly #runs = new SharedRuns<OperationShare, OperationResult>((result) => result.release());
  readonly #jobs = new Set<LocalSolveJob>();
  readonly #closing = new AbortController();
  #stopFlushing: () => void = () => {};
  #stopCollecting: (() => void) | undefined;
  #collecting: Promise<void> = Promise.resolve();

  constructor(options: SolverOptions) {
    const { stateDir, images, executor, removeContainer, logger, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#workspace = new Workspace({ dir: stateDir, images, removeContainer, logger });
    this.#host = {
      images,
      workspace: this.#workspace,
      executor,
      cacheMounts: new CacheMounts({ dir: join(stateDir, "cache-mounts"), clock }),
      results: new ResultCache({ dir: join(stateDir, "results"), images, clock, logger }),
      locals: new LocalSource({ dir: join(stateDir, "locals"), clock }),
      repositories: new GitRepositories({ dir: join(stateDir, "git"), clock }),
      clock,
      limits: {
        limitBytes: options.limits?.contextBytes ?? DEFAULT_LIMIT_BYTES,
        limitEntries: options.limits?.contextEntries ?? DEFAULT_LIMIT_ENTRIES,
      },
    };
  }

  async open(): Promise<void> {
    await mkdir(this.#options.stateDir, { recursive: true, mode: 0o700 });
    const { cacheMounts, results, locals, repositories } = this.#host;
    // First: from here on nobody takes away the layers that results need.
    await results.open();
    await this.#workspace.open();
    await Promise.all([cacheMounts.open(), locals.open(), repositories.open()]);
    this.#stopFlushing = this.#clock.every(FLUSH_INTERVAL_MS, () => void results.flush(), { unref: true });
  }

  async close(): Promise<void> {
    this.#closing.abort(new GantryError("Canceled", "the builder is stopping", { code: "Build.Canceled" }));
    this.#stopFlushing();
    this.#stopCollecting?.();
    await this.#collecting;
    await Promise.all([...this.#jobs].map((job) => job.close()));
    await this.#host.results.close();
    this.#host.locals.close();
  }

  startJob(options: JobOptions): SolveJob {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const job = new LocalSolveJob({ ...options, signal }, this.#host, this.#runs, () => this.#ended(job));
    this.#jobs.add(job);
    return job;
  }

  #ended(job: LocalSolveJob): void {
    this.#jobs.delete(job);
    if (this.#closing.signal.aborted) return;
    this.#stopCollecting ??= this.#clock.after(
      COLLECT_DELAY_MS,
      () => {
        this.#stopCollecting = undefined;
        this.#collecting = this.#collect();
      },
      { unref: true },
    );
  }

  async #collect(): Promise<void> {
    const { stateDir, logger } = this.#options;
    try {
      const { blocks, bsize } = await statfs(stateDir);
      for (const options of collectionPolicy(blocks * bsize)) {
        const removed = await this.prune(options);
        if (removed.length > 0)
          logger.info("old parts of the build cache removed", { count: removed.length });
      }
    } catch (error) {
      logger.warn("the build cache cannot be held to its limits now", { error: errorMessage(error) });
    }
  }

  diskUsage(): Promise<CacheUsage[]> {
    return cacheUsage(this.#host);
  }

  prune(options: PruneOptions): Promise<CacheUsage[]> {
    return pruneCache(this.#host, options, this.#options.stateDir);
  }
}
