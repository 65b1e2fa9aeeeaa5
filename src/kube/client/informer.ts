import { GantryError, type Logger } from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import type { Informer, InformerHandlers, ResourceRef } from "./types.ts";

interface Bucket {
  objects: Map<string, KubeObject>;
  /** The answer of `byIndex`, kept until the bucket changes. */
  list: readonly KubeObject[] | undefined;
}

interface Index {
  keysOf: (object: KubeObject) => readonly string[];
  buckets: Map<string, Bucket>;
}

const NOTHING: readonly KubeObject[] = Object.freeze([]);

/** `namespace/name`, or `name` for what is cluster-scoped. */
export function objectKey(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/**
 * The local copy that a reflector fills. Each change is told to the handlers once and in order; what the copy already
 * knows (the same or an older resourceVersion of the same object) is dropped.
 */
export class IndexedInformer implements Informer {
  readonly resource: ResourceRef;
  readonly selectors: { fieldSelector?: string; labelSelector?: string };
  readonly #logger: Logger;
  readonly #objects = new Map<string, KubeObject>();
  readonly #indexes = new Map<string, Index>();
  readonly #namespaces: Index = { keysOf: (object) => [object.metadata.namespace ?? ""], buckets: new Map() };
  readonly #handlers = new Set<InformerHandlers<KubeObject>>();
  readonly #waiters = new Set<() => void>();
  #hasSynced = false;

  constructor(
    resource: ResourceRef,
    selectors: { fieldSelector?: string; labelSelector?: string },
    logger: Logger,
  ) {
    this.resource = resource;
    this.selectors = selectors;
    this.#logger = logger;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  synced(signal?: AbortSignal): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(onSynced);
        reject(
          new GantryError("Canceled", `stopped before ${this.resource.resource} were read`, {
            cause: signal?.reason,
          }),
        );
      };
      const onSynced = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      if (signal?.aborted) return onAbort();
      this.#waiters.add(onSynced);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): Iterable<KubeObject> {
    if (namespace === undefined) return this.#objects.values();
    return bucketList(this.#namespaces, namespace);
  }

  subscribe(handlers: InformerHandlers<KubeObject>): () => void {
    this.#handlers.add(handlers);
    for (const object of [...this.#objects.values()]) this.#tell(() => handlers.onAdd?.(object));
    return () => this.#handlers.delete(handlers);
  }

  /** A name that is already taken keeps its first function: users of a shared informer agree on the name. */
  addIndex(name: string, keysOf: (object: KubeObject) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index: Index = { keysOf, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) addToIndex(index, key, object);
  }

  byIndex(name: string, key: string): readonly KubeObject[] {
    const index = this.#indexes.get(name);
    if (!index) throw new GantryError("Internal", `no index ${name} on ${this.resource.resource}`);
    return bucketList(index, key);
  }

  /** Takes a whole list: what is new, changed or gone against the copy becomes an event. */
  replace(objects: readonly KubeObject[]): void {
    const present = new Set<string>();
    for (const object of objects) present.add(objectKey(object));
    for (const [key, object] of [...this.#objects]) if (!present.has(key)) this.#remove(key, object);
    for (const object of objects) this.#store(object, true);
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  /** Takes one watch event. */
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): void {
    if (type !== "DELETED") {
      this.#store(object, false);
      return;
    }
    const key = objectKey(object);
    const known = this.#objects.get(key);
    if (known && !isOlder(object, known)) this.#remove(key, object);
  }

  #store(object: KubeObject, fromList: boolean): void {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous?.metadata.uid === object.metadata.uid) {
      if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return;
      // A list is the truth even where its versions are lower (a store restored from a backup); an event is not.
      if (!fromList && isOlder(object, previous)) return;
    } else if (previous) {
      this.#remove(key, previous);
    }
    const replaced = previous?.metadata.uid === object.metadata.uid ? previous : undefined;
    this.#objects.set(key, object);
    for (const index of this.#allIndexes()) {
      if (replaced) moveInIndex(index, key, replaced, object);
      else addToIndex(index, key, object);
    }
    for (const handlers of [...this.#handlers]) {
      this.#tell(() => (replaced ? handlers.onUpdate?.(object, replaced) : handlers.onAdd?.(object)));
    }
  }

  #remove(key: string, last: KubeObject): void {
    const known = this.#objects.get(key);
    if (!known) return;
    this.#objects.delete(key);
    for (const index of this.#allIndexes()) removeFromIndex(index, key, known);
    for (const handlers of [...this.#handlers]) this.#tell(() => handlers.onDelete?.(last));
  }

  *#allIndexes(): Iterable<Index> {
    yield this.#namespaces;
    yield* this.#indexes.values();
  }

  /** One handler's failure is logged, and neither stops the informer nor keeps the event from the others. */
  #tell(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#logger.error("an informer's handler failed", { error });
    }
  }
}

function isOlder(object: KubeObject, than: KubeObject): boolean {
  return Number(object.metadata.resourceVersion) < Number(than.metadata.resourceVersion);
}

function bucketList(index: Index, key: string): readonly KubeObject[] {
  const bucket = index.buckets.get(key);
  if (!bucket) return NOTHING;
  bucket.list ??= Object.freeze([...bucket.objects.values()]);
  return bucket.list;
}

function addToIndex(index: Index, key: string, object: KubeObject): void {
  for (const indexKey of index.keysOf(object)) putInBucket(index, indexKey, key, object);
}

function removeFromIndex(index: Index, key: string, object: KubeObject): void {
  for (const indexKey of index.keysOf(object)) takeFromBucket(index, indexKey, key);
}

function moveInIndex(index: Index, key: string, previous: KubeObject, next: KubeObject): void {
  const nextKeys = index.keysOf(next);
  for (const indexKey of index.keysOf(previous)) {
    if (!nextKeys.includes(indexKey)) takeFromBucket(index, indexKey, key);
  }
  for (const indexKey of nextKeys) putInBucket(index, indexKey, key, next);
}

function putInBucket(index: Index, indexKey: string, key: string, object: KubeObject): void {
  let bucket = index.buckets.get(indexKey);
  if (!bucket) {
    bucket = { objects: new Map(), list: undefined };
    index.buckets.set(indexKey, bucket);
  }
  bucket.objects.set(key, object);
  bucket.list = undefined;
}

function takeFromBucket(index: Index, indexKey: string, key: string): void {
  const bucket = index.buckets.get(indexKey);
  if (!bucket) return;
  bucket.objects.delete(key);
  bucket.list = undefined;
  if (bucket.objects.size === 0) index.buckets.delete(indexKey);
}
