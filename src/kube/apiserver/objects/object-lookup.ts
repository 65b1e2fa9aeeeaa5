import type { KubeObject } from "../../api/index.ts";
import type { ObjectCache } from "./object-cache.ts";
import { keyPrefix, objectKey } from "./object-keys.ts";
import type { ObjectStore } from "./object-store.ts";

/** Where objects lie; a kind's definition, or written out. */
export interface LookedUp {
  group: string;
  resource: string;
  namespaced: boolean;
}

/** Objects that others than the request's own are, read by whoever judges it. They are frozen. */
export interface ObjectLookup {
  /** Undefined where there is none. */
  get(of: LookedUp, namespace: string | undefined, name: string): Promise<KubeObject | undefined>;
  /** Of one namespace, or of all, in order of their keys. */
  list(of: LookedUp, namespace?: string): Promise<readonly KubeObject[]>;
}

/** From memory; what is not there yet is asked of the store. */
export class CachedLookup implements ObjectLookup {
  readonly #cache: Pick<ObjectCache, "get" | "list">;
  readonly #objects: ObjectStore;

  constructor(cache: Pick<ObjectCache, "get" | "list">, objects: ObjectStore) {
    this.#cache = cache;
    this.#objects = objects;
  }

  async get(of: LookedUp, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    const key = objectKey(of, namespace, name);
    return (this.#cache.get(key) ?? (await this.#objects.at(key)))?.object;
  }

  async list(of: LookedUp, namespace?: string): Promise<readonly KubeObject[]> {
    return this.#cache.list(keyPrefix(of, namespace)).map(({ object }) => object);
  }
}

/** From the store, for who has nothing in memory. What was read is kept: it serves one request. */
export class StoredLookup implements ObjectLookup {
  readonly #objects: ObjectStore;
  readonly #lists = new Map<string, Promise<readonly KubeObject[]>>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async get(of: LookedUp, namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
    return (await this.#objects.at(objectKey(of, namespace, name)))?.object;
  }

  list(of: LookedUp, namespace?: string): Promise<readonly KubeObject[]> {
    const prefix = keyPrefix(of, namespace);
    const known = this.#lists.get(prefix) ?? this.#read(prefix);
    this.#lists.set(prefix, known);
    return known;
  }

  async #read(prefix: string): Promise<readonly KubeObject[]> {
    const { items } = await this.#objects.range(prefix, { uncounted: true });
    return items.map(({ key, value, modRevision }) => this.#objects.fromItem(key, value, modRevision).object);
  }
}
