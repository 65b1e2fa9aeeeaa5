import { errorMessage, GantryError } from "../../../base/index.ts";
import type {
  KeyValue,
  Operation,
  OperationResult,
  RangeOptions,
  RangeResult,
  Store,
  TransactionRequest,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from "../../../store/types.ts";
import type { ResourceTransformers } from "./resource-transformers.ts";

/** A value of the store in plain, and whether it lies there in another form than it would be written in now. */
export interface DecryptedKeyValue extends KeyValue {
  isStale?: boolean;
}

/** A store whose values are encrypted on their way in and decrypted on their way out; keys stay as they are. */
export class EncryptedStore implements Store {
  readonly #store: Store;
  #transformers: ResourceTransformers;

  constructor(store: Store, transformers: ResourceTransformers) {
    this.#store = store;
    this.#transformers = transformers;
  }

  /** From now on these write, and read. */
  use(transformers: ResourceTransformers): void {
    this.#transformers = transformers;
  }

  async get(key: string, options?: { revision?: number }) {
    const { item, revision } = await this.#store.get(key, options);
    return { item: item && this.#decrypted(item), revision };
  }

  async range(prefix: string, options?: RangeOptions): Promise<RangeResult> {
    const found = await this.#store.range(prefix, options);
    if (options?.keysOnly || options?.countOnly) return found;
    return { ...found, items: found.items.map((item) => this.#decrypted(item)) };
  }

  async transact({ compare, success, failure }: TransactionRequest): Promise<TransactionResult> {
    const result = await this.#store.transact({
      ...(compare ? { compare } : {}),
      success: success.map((operation) => this.#encrypted(operation)),
      ...(failure ? { failure: failure.map((operation) => this.#encrypted(operation)) } : {}),
    });
    return { ...result, results: result.results.map((one) => this.#decryptedResult(one)) };
  }

  async *watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    for await (const batch of this.#store.watch(options)) {
      if (batch.events.length === 0) {
        yield batch;
        continue;
      }
      const events = batch.events.map(({ type, item, previous }) => ({
        type,
        item: this.#decrypted(item),
        previous: previous && this.#decrypted(previous),
      }));
      yield { ...batch, events };
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

  status(): ReturnType<Store["status"]> {
    return this.#store.status();
  }

  check(): ReturnType<Store["check"]> {
    return this.#store.check();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #encrypted(operation: Operation): Operation {
    if (operation.type !== "put") return operation;
    const { key, value } = operation;
    return { ...operation, value: this.#transformers.ofKey(key).toStore(value, key) };
  }

  #decryptedResult(result: OperationResult): OperationResult {
    switch (result.type) {
      case "get":
        return { type: "get", item: result.item && this.#decrypted(result.item) };
      case "put":
        return { type: "put", previous: result.previous && this.#decrypted(result.previous) };
      case "delete":
        return { type: "delete", previous: result.previous.map((item) => this.#decrypted(item)) };
    }
  }

  #decrypted(item: KeyValue): DecryptedKeyValue {
    // Of what was deleted there is no value.
    if (item.value.length === 0) return item;
    try {
      const { plain, isStale } = this.#transformers.ofKey(item.key).fromStore(item.value, item.key);
      return { ...item, value: plain, isStale };
    } catch (error) {
      throw unreadable(item.key, errorMessage(error), error);
    }
  }
}

/** A value that cannot be decrypted (storage/etcd3). */
export function unreadable(key: string, why: string, cause?: unknown): GantryError {
  return new GantryError("DataLoss", `unable to transform key ${JSON.stringify(key)}: ${why}`, {
    code: "ApiServer.Encryption",
    cause,
  });
}
