import { keepOwner } from "../../base/index.ts";
import type { Mutation, StoreBackend } from "./backend.ts";

interface Entry {
  mutations: readonly Mutation[];
  sizeBytes: number;
  /** The store's revision once this entry is durable. */
  revision: number;
  onDurable: () => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface CommitQueueOptions {
  backend: StoreBackend;
  /** Called before those who wait hear of a failed commit: all of the entries that were waiting are given up. */
  onFailure: (error: unknown) => void;
  /** Largest commit; what waits beyond it goes into the next one. */
  maxCommitBytes: number;
}

/** Group commit: all that waits when a commit can begin goes into it, and waits for one durable transaction together. */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #asOwner = keepOwner();
  #waiting: Entry[] = [];
  #running: Promise<void> | undefined;
  #committing: Promise<void> = Promise.resolve();
  #pause: Promise<void> | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the mutations are durable; `onDurable` was called just before, in the order of the entries. An entry
   * without mutations resolves when all before it are durable.
   */
  enqueue(
    mutations: readonly Mutation[],
    revision: number,
    onDurable: () => void,
    sizeBytes = 0,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mutations, revision, sizeBytes, onDurable, resolve, reject });
      this.#running ??= this.#asOwner(() => this.#run());
    });
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /**
   * Resolves when no commit is under way. None begins before the function that it returns is called; with a failure, what waits
   * until then is given up. One may pause at a time.
   */
  async pause(): Promise<(failure?: unknown) => void> {
    let end = () => {};
    this.#pause = new Promise((resolve) => {
      end = resolve;
    });
    const resume = (failure?: unknown) => {
      if (failure !== undefined) this.#giveUp([], failure);
      this.#pause = undefined;
      end();
    };
    await this.#committing.catch(() => {});
    return resume;
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Requests that arrive in this turn of the event loop share the commit.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#pause) await this.#pause;
      const group = this.#takeGroup();
      const mutations = group.flatMap((entry) => entry.mutations);
      try {
        if (mutations.length > 0) await this.#commit(mutations, group.at(-1)!.revision);
      } catch (error) {
        this.#giveUp(group, error);
        continue;
      }
      for (const entry of group) entry.onDurable();
      for (const entry of group) entry.resolve();
    }
    this.#running = undefined;
  }

  #commit(mutations: readonly Mutation[], revision: number): Promise<void> {
    this.#committing = this.#options.backend.commit(mutations, revision);
    return this.#committing;
  }

  #takeGroup(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      bytes += entry.sizeBytes;
      if (count > 0 && bytes > this.#options.maxCommitBytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** What waits was computed on top of the commit that failed, so it fails too. */
  #giveUp(group: Entry[], error: unknown): void {
    const lost = group.concat(this.#waiting);
    this.#waiting = [];
    this.#options.onFailure(error);
    for (const entry of lost) entry.reject(error);
  }
}
