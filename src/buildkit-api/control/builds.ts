import { type Clock, GantryError, invalidArgument, notFound } from "../../base/index.ts";
import type { LlbBridge } from "../gateway/llb-bridge.ts";
import { Build, type BuildHost } from "./build.ts";
import { ProgressLog } from "./progress-log.ts";
import { assertSolvable, type SolveMessage } from "./solve-request.ts";

/** A client asks for status and bridge of a build while its request is on the way (llbsolver, Status). */
const WAIT_MS = 6_000;
const MAX_BUILDS = 200;

export interface RunningBuild {
  request: SolveMessage;
  build: Build;
  progress: ProgressLog;
  startedMs: number;
  abort: AbortController;
}

export interface FinishedBuild extends RunningBuild {
  endedMs: number;
  response: Record<string, string>;
  error: unknown;
}

export interface BuildsOptions {
  host: BuildHost;
  clock: Clock;
  onStarted(build: RunningBuild): void;
  /** Resolves when the build is on record. */
  onFinished(build: FinishedBuild): Promise<void>;
}

/** Builds that run, by the id that their clients gave. */
export class Builds {
  readonly #options: BuildsOptions;
  readonly #running = new Map<string, RunningBuild>();
  readonly #waiting = new Set<() => void>();

  constructor(options: BuildsOptions) {
    this.#options = options;
  }

  running(): RunningBuild[] {
    return [...this.#running.values()];
  }

  async solve(request: SolveMessage, signal: AbortSignal): Promise<Record<string, string>> {
    const { host, clock, onStarted, onFinished } = this.#options;
    assertSolvable(request);
    if (this.#running.has(request.ref)) throw invalidArgument(`job ID ${request.ref} exists`);
    if (this.#running.size >= MAX_BUILDS)
      throw new GantryError("ResourceExhausted", "too many builds are running");
    const progress = new ProgressLog();
    const abort = new AbortController();
    const running: RunningBuild = {
      request,
      build: new Build(host, request, progress),
      progress,
      startedMs: clock.nowMs(),
      abort,
    };
    this.#running.set(request.ref, running);
    for (const wake of this.#waiting) wake();
    if (!request.internal) onStarted(running);
    let response: Record<string, string> = {};
    let error: unknown;
    try {
      response = await running.build.run(AbortSignal.any([signal, abort.signal]));
      return response;
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      const endedMs = clock.nowMs();
      progress.end(endedMs);
      if (!request.internal) await onFinished({ ...running, endedMs, response, error });
      this.#running.delete(request.ref);
    }
  }

  async findBridge(id: string, signal: AbortSignal): Promise<LlbBridge> {
    const found = await this.find(id, signal);
    if (!found) throw notFound(`no such job ${id}`);
    return found.build.bridge();
  }

  /** Waits for a build that is about to begin; undefined when none has. */
  async find(id: string, signal: AbortSignal): Promise<RunningBuild | undefined> {
    const { clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + WAIT_MS;
    for (;;) {
      const running = this.#running.get(id);
      if (running) return running;
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return undefined;
      await this.#change(leftMs, signal);
    }
  }

  cancel(id: string): void {
    this.#running.get(id)?.abort.abort();
  }

  close(): void {
    for (const { abort } of this.#running.values()) abort.abort();
  }

  #change(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#options.clock.after(timeoutMs, done);
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
