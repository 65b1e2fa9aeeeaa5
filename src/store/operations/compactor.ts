import type { Mutation, RecordHead, Snapshot, StoreBackend } from "../embedded/backend.ts";

const CHUNK_EVENTS = 500;

export interface CompactorOptions {
  backend: StoreBackend;
  /** Up to here all that may go is gone. */
  compactedThrough: number;
  /** The newest version of a key, those on their way to the disk included. */
  newest: (snapshot: Snapshot, key: string) => RecordHead | undefined;
  /** Commits in turn with the writes. */
  commit: (mutations: Mutation[], onDurable: () => void) => Promise<void>;
}

/**
 * Removes, chunk by chunk, the versions that a newer version up to the compact revision has superseded, and tombstones. What
 * a crash leaves over is removed after the next start: each removal may be repeated.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  #compactedThrough: number;
  #stopped = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#compactedThrough = options.compactedThrough;
  }

  isBehind(compactRevision: number): boolean {
    return this.#compactedThrough < compactRevision;
  }

  stop(): void {
    this.#stopped = true;
  }

  async dropSuperseded(compactRevision: number): Promise<void> {
    while (this.isBehind(compactRevision) && !this.#stopped) {
      const { mutations, through } = this.#nextChunk(compactRevision);
      mutations.push({ type: "compactedThrough", revision: through });
      await this.#options.commit(mutations, () => {
        this.#compactedThrough = through;
      });
    }
  }

  #nextChunk(compactRevision: number): { mutations: Mutation[]; through: number } {
    const snapshot = this.#options.backend.snapshot();
    const mutations: Mutation[] = [];
    let through = compactRevision;
    let events = 0;
    for (const head of snapshot.historyHeads(this.#compactedThrough + 1, compactRevision)) {
      if (events >= CHUNK_EVENTS && head.modRevision > through) break;
      if (++events === CHUNK_EVENTS) through = head.modRevision;
      mutations.push(...this.#dropsFor(head, snapshot));
    }
    return { mutations, through };
  }

  #dropsFor({ key, modRevision, previousRevision, deleted }: RecordHead, snapshot: Snapshot): Mutation[] {
    const drops: Mutation[] = [];
    if (previousRevision !== 0) drops.push({ type: "dropVersion", key, revision: previousRevision });
    if (!deleted) return drops;
    drops.push({ type: "dropVersion", key, revision: modRevision });
    if (this.#options.newest(snapshot, key)?.modRevision === modRevision)
      drops.push({ type: "dropTombstone", key });
    return drops;
  }
}
