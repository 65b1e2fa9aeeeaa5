import { GantryError } from "../base/index.ts";
import type {
  CheckProblem,
  KeyValue,
  RangeOptions,
  RangeResult,
  Store,
  StoreStatus,
  TransactionRequest,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from "./types.ts";

export interface StoreFaults {
  /** The k-th writing transaction (from 1) is done, and then fails for its caller, as a crash or a lost answer would have it. */
  throwAfterWrite?: number;
  /** From that one on, every further write fails without being done, until the fault is taken away: the writer is dead. */
  dieAfterWrite?: number;
  /** The k-th event (from 1, over all watches) is not told to its watcher. */
  hideEvent?: number;
  /** Reads without a revision see the state this many revisions ago, where it still exists. */
  staleBy?: number;
}

const UNKNOWN_OUTCOME = "the store's answer was lost";

/** A store whose faults a test chooses: for showing that controllers converge whatever write, event or read goes wrong. */
export class FaultyStore implements Store {
  /** May be changed at any time. */
  faults: StoreFaults;
  readonly #store: Store;
  #writes = 0;
  #events = 0;

  constructor(store: Store, faults: StoreFaults = {}) {
    this.#store = store;
    this.faults = faults;
  }

  /** Writing transactions and events so far: how far k has to count. */
  get counts(): { writes: number; events: number } {
    return { writes: this.#writes, events: this.#events };
  }

  async get(
    key: string,
    options: { revision?: number } = {},
  ): Promise<{ item: KeyValue | undefined; revision: number }> {
    return this.#store.get(key, { ...options, ...(await this.#staleRevision(options.revision)) });
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    const stale = await this.#staleRevision(options.revision);
    const result = await this.#store.range(prefix, { ...options, ...stale });
    return stale ? { ...result, revision: stale.revision } : result;
  }

  async transact(request: TransactionRequest): Promise<TransactionResult> {
    const { dieAfterWrite, throwAfterWrite } = this.faults;
    const writes = [...request.success, ...(request.failure ?? [])].some(({ type }) => type !== "get");
    if (writes && dieAfterWrite !== undefined && this.#writes >= dieAfterWrite) throw unavailable();
    const result = await this.#store.transact(request);
    const branch = result.succeeded ? request.success : (request.failure ?? []);
    if (branch.some(({ type }) => type !== "get")) {
      this.#writes++;
      if (this.#writes === throwAfterWrite || this.#writes === dieAfterWrite) throw unavailable();
    }
    return result;
  }

  async *watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    for await (const batch of this.#store.watch(options)) {
      const events = batch.events.filter(() => ++this.#events !== this.faults.hideEvent);
      if (events.length > 0 || batch.progress) yield { ...batch, events };
    }
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  grantLease(ttlSeconds: number): Promise<{ id: number; ttlSeconds: number }> {
    return this.#store.grantLease(ttlSeconds);
  }

  keepLeaseAlive(id: number): Promise<{ ttlSeconds: number }> {
    return this.#store.keepLeaseAlive(id);
  }

  revokeLease(id: number): Promise<void> {
    return this.#store.revokeLease(id);
  }

  status(): Promise<StoreStatus> {
    return this.#store.status();
  }

  check(): Promise<CheckProblem[]> {
    return this.#store.check();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #staleRevision(asked: number | undefined): Promise<{ revision: number } | undefined> {
    if (asked || !this.faults.staleBy) return undefined;
    const { revision, compactRevision } = await this.#store.status();
    return { revision: Math.max(1, compactRevision, revision - this.faults.staleBy) };
  }
}

function unavailable(): GantryError {
  return new GantryError("Unavailable", UNKNOWN_OUTCOME, { code: "Store.Fault" });
}
