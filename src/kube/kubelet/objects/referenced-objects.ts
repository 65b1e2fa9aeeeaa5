import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import { configMaps, type KubeObject, secrets } from "../../api/index.ts";
import type { KubeClient, ResourceRef, WatchEvent } from "../../client/index.ts";

export type ObjectKind = "configmap" | "secret";

/** Reads ConfigMaps and Secrets; undefined when there is none of the name. */
export interface ObjectReader {
  get(kind: ObjectKind, namespace: string, name: string): Promise<KubeObject | undefined>;
}

const RESOURCES: Record<ObjectKind, ResourceRef> = { configmap: configMaps, secret: secrets };
const RETRY_MS = 1000;

interface Entry {
  kind: ObjectKind;
  namespace: string;
  name: string;
  /** Undefined: there is none. */
  object: KubeObject | undefined;
  isLoaded: boolean;
  loaded: Promise<void>;
  /** Pods that use it, with what to call when it changes. */
  users: Map<string, () => void>;
  stop: AbortController;
}

export interface ReferencedObjectsOptions {
  client: KubeClient;
  logger: Logger;
  clock: Clock;
}

/**
 * ConfigMaps and Secrets that pods of this node use, each watched by itself as long as a pod uses it: a node may read
 * what its pods name, and nothing else.
 */
export class ReferencedObjects {
  readonly #options: ReferencedObjectsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ReferencedObjectsOptions) {
    this.#options = options;
  }

  /** A reader on behalf of a pod: what it reads is kept current, and `onChange` called, until `release`. */
  readerFor(podUid: string, onChange: () => void): ObjectReader {
    return { get: (kind, namespace, name) => this.#get(podUid, onChange, kind, namespace, name) };
  }

  /** The pod needs its objects no more. */
  release(podUid: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.users.delete(podUid) && entry.users.size === 0) this.#drop(key, entry);
    }
  }

  close(): void {
    for (const [key, entry] of this.#entries) this.#drop(key, entry);
  }

  async #get(
    podUid: string,
    onChange: () => void,
    kind: ObjectKind,
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> {
    const key = `${kind}/${namespace}/${name}`;
    const entry = this.#entries.get(key) ?? this.#open(key, kind, namespace, name);
    entry.users.set(podUid, onChange);
    try {
      await entry.loaded;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#drop(key, entry);
      throw error;
    }
    return entry.object;
  }

  #open(key: string, kind: ObjectKind, namespace: string, name: string): Entry {
    const entry: Entry = {
      kind,
      namespace,
      name,
      object: undefined,
      isLoaded: false,
      loaded: Promise.resolve(),
      users: new Map(),
      stop: new AbortController(),
    };
    this.#entries.set(key, entry);
    entry.loaded = this.#load(entry).then((resourceVersion) => {
      void this.#follow(entry, resourceVersion);
    });
    return entry;
  }

  /** Reads by a list of one, which also tells from where to watch. */
  async #load(entry: Entry): Promise<string> {
    const list = await this.#options.client.list(RESOURCES[entry.kind], {
      namespace: entry.namespace,
      fieldSelector: `metadata.name=${entry.name}`,
    });
    this.#set(entry, list.items[0]);
    return list.metadata.resourceVersion;
  }

  async #follow(entry: Entry, from: string): Promise<void> {
    const { client, clock, logger } = this.#options;
    const { signal } = entry.stop;
    let resourceVersion: string | undefined = from;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.#load(entry);
        const watch: AsyncIterable<WatchEvent> = client.watch(RESOURCES[entry.kind], {
          namespace: entry.namespace,
          fieldSelector: `metadata.name=${entry.name}`,
          resourceVersion,
          allowWatchBookmarks: true,
          signal,
        });
        for await (const event of watch) {
          resourceVersion = event.object.metadata.resourceVersion;
          if (event.type !== "BOOKMARK")
            this.#set(entry, event.type === "DELETED" ? undefined : event.object);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGantryError(error, "Gone")) {
          logger.debug("watching an object failed, will retry", {
            object: `${entry.kind} ${entry.namespace}/${entry.name}`,
            error: errorMessage(error),
          });
        }
        resourceVersion = undefined;
        await clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
  }

  #set(entry: Entry, object: KubeObject | undefined): void {
    const unchanged = entry.object?.metadata.resourceVersion === object?.metadata.resourceVersion;
    const isFirst = !entry.isLoaded;
    entry.object = object;
    entry.isLoaded = true;
    if (unchanged || isFirst) return;
    for (const onChange of [...entry.users.values()]) onChange();
  }

  #drop(key: string, entry: Entry): void {
    entry.stop.abort();
    this.#entries.delete(key);
  }
}
