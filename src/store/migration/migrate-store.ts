import { type Clock, errorMessage, type Logger, systemClock } from "../../base/index.ts";
import { maintenanceError } from "../embedded/disk-errors.ts";
import type { KeyValue } from "../types.ts";
import { batchesOf } from "./batches.ts";
import { sameStore, sourceChanged, targetDiffers } from "./errors.ts";
import { InFlight } from "./in-flight.ts";
import { ItemDigest } from "./item-digest.ts";
import { LmdbSource } from "./lmdb-source.ts";
import { LmdbTarget } from "./lmdb-target.ts";
import type {
  FinishedTarget,
  MigrationSource,
  MigrationTarget,
  StoreIdentity,
  StoreLocation,
} from "./types.ts";

/** Below what etcd takes by default: 128 operations and 1.5 MiB in one request. */
const BATCH = { maxItems: 100, maxBytes: 512 * 1024 };

export interface MigrationProgress {
  phase: "copied" | "compared";
  done: number;
  total: number;
}

export interface MigrationOptions {
  from: StoreLocation;
  to: StoreLocation;
  logger: Logger;
  clock?: Clock;
  /** The migration waits for what it returns. */
  onProgress?: (progress: MigrationProgress) => unknown;
  /** Runs once the target is whole and durable, and before others can open the source again. */
  onMoved: (result: MigrationResult) => Promise<void>;
}

export interface MigrationResult extends FinishedTarget {
  keyCount: number;
  leaseCount: number;
  sourceRevision: number;
}

/**
 * Copies a store that nobody uses to another place, compares both, and makes the copy a store that goes on from the source's
 * revisions: none that a client knows is given out again, and those that cannot be served any more are Gone. The source is only
 * read. Cut off at any point, it can be run again. Errors: those of opening either store, `Store.NotEmpty`, `Store.SameStore`,
 * `Store.ValueTooLarge`, `Store.NoSpace`, `Store.SourceChanged`, `Store.MigrationOvertaken`, `Store.MigrationDiffers`.
 */
export async function migrateStore(options: MigrationOptions): Promise<MigrationResult> {
  const { from, to } = options;
  if (from.kind === "embedded" && to.kind === "embedded" && from.dir === to.dir) throw sameStore(from.dir);
  try {
    return await openAndMigrate(options);
  } catch (error) {
    throw maintenanceError("the migration", error);
  }
}

async function openAndMigrate(options: MigrationOptions): Promise<MigrationResult> {
  const source = await openSource(options);
  try {
    const target = await openTarget(options);
    try {
      if (overlap(source.identity, target.identity)) throw sameStore(source.name);
      const result = await new Migration(source, target, options).run();
      await options.onMoved(result);
      await target.release().catch((error) => {
        options.logger.warn("the store could not be marked as used; its first start does that", {
          error: errorMessage(error),
        });
      });
      return result;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

class Migration {
  readonly #source: MigrationSource;
  readonly #target: MigrationTarget;
  readonly #onProgress: NonNullable<MigrationOptions["onProgress"]>;
  /** By the source's id the target's, undefined for a lease that has run out. */
  readonly #leases = new Map<number, number | undefined>();
  /** What was sent. */
  readonly #sent: ItemDigest;
  /** What in the source does not go away by itself. */
  readonly #lasting = new ItemDigest({ withNumbers: true });

  constructor(source: MigrationSource, target: MigrationTarget, { onProgress }: MigrationOptions) {
    this.#source = source;
    this.#target = target;
    this.#onProgress = onProgress ?? (() => {});
    this.#sent = new ItemDigest({ withNumbers: target.keepsRevisions });
  }

  async run(): Promise<MigrationResult> {
    const sourceRevision = this.#source.revision;
    await this.#target.begin(sourceRevision);
    await this.#copy(await this.#source.count());
    const keyCount = this.#sent.count;
    await this.#compareTarget(keyCount);
    await this.#compareSource();
    const finished = await this.#target.finish();
    const leaseCount = [...this.#leases.values()].filter((id) => id !== undefined).length;
    return { keyCount, leaseCount, sourceRevision, ...finished };
  }

  async #copy(total: number): Promise<void> {
    const writes = new InFlight(this.#target.maxWrites);
    try {
      for await (const page of this.#source.pages()) {
        const items = await this.#withOwnLeases(page);
        for (const batch of batchesOf(items, BATCH)) await writes.add(() => this.#target.write(batch));
        await this.#onProgress({ phase: "copied", done: this.#sent.count, total });
      }
    } finally {
      await writes.settle();
    }
  }

  async #withOwnLeases(page: readonly KeyValue[]): Promise<KeyValue[]> {
    const items: KeyValue[] = [];
    for (const item of page) {
      if (item.modRevision > this.#source.revision) throw sourceChanged(this.#source.name);
      if (item.lease === 0) this.#lasting.add(item);
      const lease = item.lease === 0 ? 0 : await this.#leaseFor(item.lease);
      if (lease === undefined) continue;
      this.#sent.add(item);
      items.push({ ...item, lease });
    }
    return items;
  }

  async #leaseFor(sourceId: number): Promise<number | undefined> {
    if (!this.#leases.has(sourceId)) {
      const ttlSeconds = await this.#source.leaseTtlSeconds(sourceId);
      const id = ttlSeconds === undefined ? undefined : await this.#target.grantLease(sourceId, ttlSeconds);
      this.#leases.set(sourceId, id);
    }
    return this.#leases.get(sourceId);
  }

  async #compareTarget(total: number): Promise<void> {
    const arrived = new ItemDigest({ withNumbers: this.#target.keepsRevisions });
    for await (const page of this.#target.pages()) {
      for (const item of page) arrived.add(item);
      await this.#onProgress({ phase: "compared", done: arrived.count, total });
    }
    const [expected, found] = [`${this.#sent}`, `${arrived}`];
    if (expected === found) return;
    await this.#target.assertNotOvertaken();
    throw targetDiffers(this.#target.name, expected, found);
  }

  /** Keys on leases may have run out meanwhile; nothing else may have happened. */
  async #compareSource(): Promise<void> {
    const lasting = new ItemDigest({ withNumbers: true });
    for await (const page of this.#source.pages()) {
      for (const item of page) {
        if (item.modRevision > this.#source.revision) throw sourceChanged(this.#source.name);
        if (item.lease === 0) lasting.add(item);
      }
    }
    if (`${lasting}` !== `${this.#lasting}`) throw sourceChanged(this.#source.name);
  }
}

async function openSource({ from, logger, clock = systemClock }: MigrationOptions): Promise<MigrationSource> {
  if (from.kind === "embedded") return LmdbSource.open(from.dir);
  const { EtcdSource } = await import("./etcd-source.ts");
  return EtcdSource.open({ ...from.address, logger, clock });
}

async function openTarget({ to, logger, clock = systemClock }: MigrationOptions): Promise<MigrationTarget> {
  if (to.kind === "embedded") return LmdbTarget.open(to.dir, clock);
  const { EtcdTarget } = await import("./etcd-target.ts");
  return EtcdTarget.open({ ...to.address, logger, clock });
}

/** Also when one is a part of the other: the copy would be read as what is to be copied. */
function overlap(a: StoreIdentity, b: StoreIdentity): boolean {
  if (a.kind === "embedded" || b.kind === "embedded") return false;
  return a.clusterId === b.clusterId && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix));
}
