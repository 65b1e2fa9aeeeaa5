import { type Clock, failpoint, isGantryError, retry, systemClock } from "../../base/index.ts";
import type { EtcdConnection } from "../etcd/connection.ts";
import { COMPACTED, isEtcdFailure, LEASE_NOT_FOUND } from "../etcd/etcd-errors.ts";
import type { EtcdStoreOptions } from "../etcd/index.ts";
import { KeySpace } from "../etcd/key-space.ts";
import { grantLease } from "../etcd/lease-grant.ts";
import { keepAlive } from "../etcd/lease-keep-alive.ts";
import { COMPACT, RANGE } from "../etcd/methods.ts";
import { DEFAULT_REQUEST_TIMEOUT_MS, openConnection } from "../etcd/open-connection.ts";
import {
  putOf,
  type RequestOps,
  readStoreRecord,
  type StoreRecord,
  transactWhileRecord,
} from "../etcd/store-record.ts";
import { assertReadsWholeKeySpace } from "../etcd/whole-key-space.ts";
import type { KeyValue } from "../types.ts";
import { itemTooLarge, leaseRanOut, noPrefix, notEmpty, overtaken } from "./errors.ts";
import { readPages } from "./etcd-pages.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { FinishedTarget, MigrationTarget } from "./types.ts";

const LEFTOVER_PAGE_ITEMS = 5_000;
const RETRY = { attempts: 5, initialMs: 100, maxMs: 2_000 };

/**
 * A new store in etcd. Its record says that it is not whole until `finish`, and every write is made on the condition that the record
 * is still the one that `begin` wrote: of two migrations to one place only the later one goes on.
 */
export class EtcdTarget implements MigrationTarget {
  readonly name: string;
  readonly identity: { kind: "etcd"; clusterId: number; prefix: string };
  readonly keepsRevisions = false;
  readonly maxWrites = 4;
  readonly #connection: EtcdConnection;
  readonly #leases: LeaseKeeper;
  readonly #clock: Clock;
  #keys: KeySpace;
  /** etcd's revision of the record. */
  #recordRevision = 0;
  /** etcd's revision of the last write. */
  #lastRevision = 0;

  private constructor(connection: EtcdConnection, prefix: string, clock: Clock) {
    this.#connection = connection;
    this.#keys = new KeySpace(prefix);
    this.#clock = clock;
    this.#leases = new LeaseKeeper(clock, (id) =>
      keepAlive(connection, id, clock, DEFAULT_REQUEST_TIMEOUT_MS),
    );
    this.name = this.#keys.name;
    this.identity = { kind: "etcd", clusterId: connection.clusterId, prefix };
  }

  /**
   * Throws Unavailable (`Store.Unreachable`), InvalidArgument (`Store.BadAddress`), and PermissionDenied (`Store.NoPermission`)
   * where the user may not do what a platform needs.
   */
  static async open(options: EtcdStoreOptions): Promise<EtcdTarget> {
    const { prefix = "", clock = systemClock } = options;
    const { recordKey } = new KeySpace(prefix);
    if (!recordKey) throw noPrefix();
    const { connection } = await openConnection(options);
    try {
      // The first answer tells which cluster it is.
      await connection.request(RANGE, { key: recordKey, count_only: true });
      await assertReadsWholeKeySpace(connection);
      return new EtcdTarget(connection, prefix, clock);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async begin(sourceRevision: number): Promise<void> {
    const { record, modRevision } = await readStoreRecord(this.#connection, this.#keys);
    const { prefix } = this.#keys;
    const everything = { ...this.#keys.withPrefix(""), count_only: true };
    const { count, header } = await this.#connection.request(RANGE, everything);
    const isLeftOver = record?.state === "importing" || record?.state === "imported";
    if (count > 0 && !isLeftOver) throw notEmpty(this.name, prefix, count);
    const revisionOffset = Math.max(record?.revisionOffset ?? 0, sourceRevision - header!.revision, 0);
    this.#keys = new KeySpace(prefix, revisionOffset);
    this.#recordRevision = modRevision;
    await this.#putRecord("importing");
    failpoint("store-migration-begun");
    if (count > 0) await this.#removeLeftovers();
  }

  async grantLease(wantedId: number, ttlSeconds: number): Promise<number> {
    const granted = await grantLease(this.#connection, ttlSeconds, wantedId);
    this.#leases.add(granted.id, granted.ttlSeconds);
    return granted.id;
  }

  async write(items: readonly KeyValue[]): Promise<void> {
    failpoint("store-migration-write");
    try {
      await this.#guarded(
        items.map(({ key, value, lease }) => ({ request_put: { key: this.#keys.key(key), value, lease } })),
      );
    } catch (error) {
      if (isEtcdFailure(error) && error.details === LEASE_NOT_FOUND) throw leaseRanOut(this.name, error);
      if (!isTooMuch(error)) throw error;
      const [first] = items;
      if (items.length === 1) throw itemTooLarge(first!.key, first!.value.byteLength, error);
      // This etcd takes less at once than it does by default.
      const middle = Math.ceil(items.length / 2);
      await this.write(items.slice(0, middle));
      await this.write(items.slice(middle));
    }
  }

  pages(): AsyncIterable<KeyValue[]> {
    return readPages(this.#connection, this.#keys);
  }

  async assertNotOvertaken(): Promise<void> {
    const { modRevision } = await readStoreRecord(this.#connection, this.#keys);
    if (modRevision !== this.#recordRevision) throw overtaken(this.name);
  }

  async finish(): Promise<FinishedTarget> {
    failpoint("store-migration-finish");
    await this.#compact();
    failpoint("store-migration-compacted");
    const revision = this.#keys.offset.shown(this.#lastRevision);
    await this.#putRecord("imported");
    return { revision };
  }

  async release(): Promise<void> {
    failpoint("store-migration-release");
    try {
      await this.#putRecord("ready");
    } catch (error) {
      // A program has opened it already.
      if (!isGantryError(error, "Conflict")) throw error;
    }
  }

  async close(): Promise<void> {
    this.#leases.stop();
    this.#connection.close();
  }

  /** Small deletes, so that nobody else waits long for etcd. */
  async #removeLeftovers(): Promise<void> {
    const { key, range_end } = this.#keys.withPrefix("");
    for (;;) {
      const request = {
        key,
        ...(range_end ? { range_end } : {}),
        limit: LEFTOVER_PAGE_ITEMS,
        keys_only: true,
      };
      const { kvs } = await this.#connection.request(RANGE, request);
      const last = kvs.at(-1);
      if (!last) return;
      await this.#guarded([{ request_delete_range: { key, range_end: Buffer.from(`${last.key}\0`) } }]);
    }
  }

  /** So that who comes with a revision from before hears that it is gone, instead of the import as news. */
  async #compact(): Promise<void> {
    try {
      await this.#connection.request(COMPACT, { revision: this.#lastRevision });
    } catch (error) {
      // Somebody else who uses this etcd was faster.
      if (!isEtcdFailure(error) || error.details !== COMPACTED) throw error;
    }
  }

  async #putRecord(state: StoreRecord["state"]): Promise<void> {
    const put = putOf(this.#keys, { state, revisionOffset: this.#keys.offset.value });
    this.#recordRevision = await this.#transact([put]);
  }

  /** A write whose answer was lost is done again, which changes nothing. */
  async #guarded(operations: RequestOps): Promise<void> {
    const retryable = (error: unknown) => isGantryError(error, "Unavailable");
    await retry(() => this.#transact(operations), { ...RETRY, clock: this.#clock, retryable });
  }

  async #transact(operations: RequestOps): Promise<number> {
    const revision = await transactWhileRecord(
      this.#connection,
      this.#keys,
      this.#recordRevision,
      operations,
    );
    if (revision === undefined) throw overtaken(this.name);
    this.#lastRevision = Math.max(this.#lastRevision, revision);
    return revision;
  }
}

function isTooMuch(error: unknown): boolean {
  return (
    isGantryError(error, "InvalidArgument") &&
    (error.code === "Store.ValueTooLarge" || error.code === "Store.TooManyOperations")
  );
}
