import { type Clock, isGantryError } from "../../../base/index.ts";
import type {
  Compare,
  Operation,
  RangeOptions,
  RangeResult,
  Store,
  TransactionResult,
} from "../../../store/types.ts";
import {
  type KindDefinition,
  type KubeObject,
  statusAlreadyExists,
  statusNotFound,
  statusTooLarge,
} from "../../api/index.ts";
import type { DecryptedKeyValue } from "../encryption/encrypted-store.ts";
import { EVENT_TTL_SECONDS, EventLeases } from "./event-leases.ts";
import type { FreshObjects } from "./fresh-objects.ts";
import { loadAs } from "./load-objects.ts";
import type { ObjectCache } from "./object-cache.ts";
import { keyOf, objectKey, REGISTRY } from "./object-keys.ts";
import { encodeForStore, StoredObject } from "./stored-object.ts";

/** Keys that are written in the same transaction as the object, each under its condition (allocated addresses). */
export interface Companions {
  compare: Compare[];
  operations: Operation[];
}

export const NO_COMPANIONS: Companions = { compare: [], operations: [] };

export type WriteOutcome =
  | { done: true; object: StoredObject }
  /** Somebody else was first: on the object, or on one of the companions. */
  | { done: false; lost: "object" | "companions" };

export interface ObjectStoreOptions {
  store: Store;
  cache: ObjectCache;
  fresh: FreshObjects;
  /** How long events are kept. */
  eventTtlSeconds?: number | undefined;
  clock: Clock;
}

/** Objects as keys of the store: one durable transaction a write, guarded by the version that was read. */
export class ObjectStore {
  readonly #store: Store;
  readonly #cache: ObjectCache;
  readonly #fresh: FreshObjects;
  readonly #eventLeases: EventLeases;
  /** Revisions of objects that were found in an old form: a write that changes nothing writes them anew. */
  readonly #stale = new Map<string, number>();

  constructor(options: ObjectStoreOptions) {
    this.#store = options.store;
    this.#cache = options.cache;
    this.#fresh = options.fresh;
    const { store, eventTtlSeconds: ttlSeconds = EVENT_TTL_SECONDS, clock } = options;
    this.#eventLeases = new EventLeases({ store, ttlSeconds, clock });
  }

  /** The newest durable state; the parsed form is shared with the cache where both have the same version. */
  async find(
    kind: KindDefinition,
    namespace: string | undefined,
    name: string,
  ): Promise<StoredObject | undefined> {
    const found = await this.at(objectKey(kind, namespace, name));
    if (found && !found.isReadyAs(kind)) await loadAs(kind, found);
    return found?.viewedAs(kind);
  }

  /** As it is stored. */
  async at(key: string): Promise<StoredObject | undefined> {
    const found = this.#inMemory(key) ?? (await this.#inStore(key));
    if (found && !found.isAtHand) await found.load();
    return found;
  }

  /**
   * What a read of the store would give now, where the cache is surely as far; of what is not there the store is asked, as is a
   * store that encrypts: it tells in which form a value lies.
   */
  #inMemory(key: string): StoredObject | undefined {
    const cached = this.#cache.get(key);
    return cached && this.#cache.revision === this.#store.visibleRevision?.() ? cached : undefined;
  }

  async #inStore(key: string): Promise<StoredObject | undefined> {
    const { item } = await this.#store.get(key);
    if (!item) return undefined;
    this.#noteForm(item);
    return this.fromItem(key, item.value, item.modRevision);
  }

  #noteForm({ key, modRevision, isStale }: DecryptedKeyValue): void {
    if (isStale) this.#stale.set(key, modRevision);
    else if (this.#stale.size > 0) this.#stale.delete(key);
  }

  /** Whether it lies in the store in another form than it would be written in. */
  isStale({ key, revision }: StoredObject): boolean {
    return this.#stale.size > 0 && this.#stale.get(key) === revision;
  }

  fromItem(key: string, value: Uint8Array, revision: number): StoredObject {
    const cached = this.#cache.get(key);
    return cached?.revision === revision ? cached : new StoredObject(key, value, revision);
  }

  range(prefix: string, options: RangeOptions): Promise<RangeResult> {
    return this.#store.range(prefix, options);
  }

  async get(kind: KindDefinition, namespace: string | undefined, name: string): Promise<StoredObject> {
    const found = await this.find(kind, namespace, name);
    if (!found) throw statusNotFound(kind, name);
    return found;
  }

  async create(kind: KindDefinition, object: KubeObject, companions = NO_COMPANIONS): Promise<WriteOutcome> {
    const key = keyOf(kind, object);
    const absent: Compare = { key, target: "version", operator: "=", value: 0 };
    const outcome = await this.#put(kind, key, object, absent, companions);
    if (!outcome.done && outcome.lost === "object") {
      await this.refuseExisting(kind, object);
      throw statusAlreadyExists(kind, object.metadata.name);
    }
    return outcome;
  }

  /** What a create is told of an object that is there, and of one that is about to go. */
  async refuseExisting(kind: KindDefinition, object: KubeObject): Promise<void> {
    const { namespace, name } = object.metadata;
    const found = await this.find(kind, namespace, name);
    if (found) throw statusAlreadyExists(kind, name, !!found.object.metadata.deletionTimestamp);
  }

  /** Writes `next` if the object is still as in `current`. An unchanged object is not written. */
  async replace(
    kind: KindDefinition,
    current: StoredObject,
    next: KubeObject,
    companions = NO_COMPANIONS,
  ): Promise<WriteOutcome> {
    return this.#put(kind, current.key, next, guard(current), companions, current);
  }

  async remove(current: StoredObject, companions = NO_COMPANIONS): Promise<WriteOutcome> {
    const result = await this.#store.transact({
      compare: [guard(current), ...companions.compare],
      success: [{ type: "delete", key: current.key }, ...companions.operations],
      failure: [{ type: "get", key: current.key }],
    });
    if (!result.succeeded) return { done: false, lost: whoLost(result, current.revision) };
    return { done: true, object: current.deletedAt(result.revision) };
  }

  /** The store's newest revision. */
  async revision(): Promise<number> {
    // A read of any key tells it, and costs less than the whole status.
    return (await this.#store.get(REGISTRY)).revision;
  }

  async #put(
    kind: KindDefinition,
    key: string,
    object: KubeObject,
    condition: Compare,
    companions: Companions,
    current?: StoredObject,
  ): Promise<WriteOutcome> {
    const stored = kind.conversion ? await kind.conversion.store(object) : object;
    const value = encodeForStore(kind.storedAs ? kind.storedAs.toStored(stored) : stored);
    const isUnchanged = current !== undefined && value.equals(current.bytes) && !this.isStale(current);
    if (isUnchanged && companions.operations.length === 0) {
      return { done: true, object: current };
    }
    const isConverted = kind.storedAs !== undefined || stored !== object;
    if (!isConverted) this.#fresh.remember(key, value, object);
    const lease = kind.expires ? { lease: await this.#eventLeases.next() } : {};
    const result = await this.#transact({
      compare: [condition, ...companions.compare],
      success: [{ type: "put", key, value, ...lease }, ...companions.operations],
      failure: [{ type: "get", key }],
    });
    if (!result.succeeded) return { done: false, lost: whoLost(result, current?.revision) };
    if (isConverted) {
      const written = new StoredObject(key, value, result.revision);
      return { done: true, object: kind.storedAs ? written.viewedAs(kind) : written.addView(kind, object) };
    }
    const cached = this.#cache.get(key);
    if (cached?.revision === result.revision) return { done: true, object: cached };
    return { done: true, object: StoredObject.written(key, value, result.revision, object) };
  }

  async #transact(request: Parameters<Store["transact"]>[0]): Promise<TransactionResult> {
    try {
      return await this.#store.transact(request);
    } catch (error) {
      if (isGantryError(error) && error.code === "Store.ValueTooLarge") throw statusTooLarge(error.message);
      throw error;
    }
  }
}

function guard(current: StoredObject): Compare {
  return { key: current.key, target: "modRevision", operator: "=", value: current.revision };
}

/** After a failed condition: if the object is as it was expected, it was a companion's condition that did not hold. */
function whoLost(result: TransactionResult, expectedRevision: number | undefined): "object" | "companions" {
  const found = result.results[0];
  const revision = found?.type === "get" ? found.item?.modRevision : undefined;
  return revision === expectedRevision ? "companions" : "object";
}
