import { isGantryError, notImplemented } from "../../base/index.ts";
import type { StoreBackend } from "../embedded/backend.ts";
import type { CommitQueue } from "../embedded/commit-queue.ts";
import { closed } from "../errors.ts";
import type { CheckProblem, SnapshotInfo } from "../types.ts";
import { writeSnapshot } from "./store-snapshot.ts";

export interface MaintenanceOptions {
  backend: StoreBackend;
  queue: CommitQueue;
  /** Throws when nothing may be written. */
  assertWritable: () => void;
}

/** What reads the whole of a store's files, or replaces them: one at a time, while everything else goes on. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  check(): Promise<CheckProblem[]> {
    return this.#inTurn((signal) => this.#options.backend.check(signal));
  }

  async snapshot(file: string, revision: () => number): Promise<SnapshotInfo> {
    const { backend } = this.#options;
    if (!backend.copyInto) throw notImplemented("this store keeps nothing that could be copied");
    return this.#inTurn((signal) => writeSnapshot(file, revision(), (dir) => backend.copyInto!(dir, signal)));
  }

  async defragment(): Promise<void> {
    const { backend } = this.#options;
    if (!backend.defragment) throw notImplemented("this store has no files that could become smaller");
    await this.#inTurn((signal) => this.#defragment(signal));
  }

  /** Ends what goes on as soon as that is possible. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    await this.#running;
  }

  async #defragment(signal: AbortSignal): Promise<void> {
    const { backend, queue, assertWritable } = this.#options;
    assertWritable();
    let resume = (_failure?: unknown) => {};
    let failure: unknown;
    const pauseCommits = async () => {
      resume = await queue.pause();
      // The last commit may have failed, and then have left more on the disk than is known here.
      assertWritable();
    };
    try {
      await backend.defragment!({ signal, pauseCommits });
    } catch (error) {
      if (isGantryError(error) && error.code === "Store.ReadOnly") failure = error;
      throw error;
    } finally {
      resume(failure);
    }
  }

  #inTurn<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    const done = this.#running.then(() => {
      signal.throwIfAborted();
      return run(signal);
    });
    this.#running = done.catch(() => {});
    return done;
  }
}
