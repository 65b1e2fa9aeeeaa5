import { type Clock, GantryError, type Logger, systemClock } from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import { IndexedInformer } from "./informer.ts";
import { KeptObjects } from "./kept-objects.ts";
import { runReflector } from "./reflector.ts";
import type { Informer, InformerFactory, KubeClient, ResourceRef } from "./types.ts";

export interface InformerFactoryOptions {
  logger: Logger;
  clock?: Clock;
  /** Objects a page of the first list; absent: one list without pages, right for in-process clients. */
  pageSize?: number;
  /** Where what the informers know is kept for a start without a server; absent: nowhere. */
  keptIn?: string;
}

/** Informers over one client, one per resource and selector, shared by all who ask for the same. */
export function createInformerFactory(client: KubeClient, options: InformerFactoryOptions): InformerFactory {
  return new SharedInformerFactory(client, options);
}

class SharedInformerFactory implements InformerFactory {
  readonly #client: KubeClient;
  readonly #options: InformerFactoryOptions;
  readonly #informers = new Map<string, IndexedInformer>();
  readonly #running = new Set<Promise<void>>();
  readonly #ends = new Map<IndexedInformer, AbortController>();
  #signal: AbortSignal | undefined;

  constructor(client: KubeClient, options: InformerFactoryOptions) {
    this.#client = client;
    this.#options = options;
  }

  informer<T extends KubeObject = KubeObject>(
    resource: ResourceRef,
    options: { fieldSelector?: string; labelSelector?: string } = {},
  ): Informer<T> {
    const key = [
      resource.group,
      resource.version,
      resource.resource,
      options.fieldSelector ?? "",
      options.labelSelector ?? "",
    ].join("|");
    let informer = this.#informers.get(key);
    if (!informer) {
      const logger = this.#options.logger.with({ informer: resource.resource });
      informer = new IndexedInformer(resource, options, logger);
      this.#informers.set(key, informer);
      if (this.#signal) this.#start(informer, this.#signal);
    }
    return informer as unknown as Informer<T>;
  }

  release({ group, version, resource }: ResourceRef): void {
    for (const [key, informer] of this.#informers) {
      const own = informer.resource;
      if (own.group !== group || own.version !== version || own.resource !== resource) continue;
      this.#informers.delete(key);
      this.#ends.get(informer)?.abort();
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal) throw new GantryError("Internal", "the informer factory already runs");
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#start(informer, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.all(this.#running);
  }

  async synced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced(signal)));
  }

  #start(informer: IndexedInformer, signal: AbortSignal): void {
    const end = new AbortController();
    this.#ends.set(informer, end);
    const own = AbortSignal.any([signal, end.signal]);
    this.#keep(informer, own);
    const running = runReflector({
      client: this.#client,
      target: informer,
      resource: informer.resource,
      selectors: informer.selectors,
      pageSize: this.#options.pageSize,
      clock: this.#options.clock ?? systemClock,
      logger: this.#options.logger.with({ informer: informer.resource.resource }),
      signal: own,
    }).finally(() => {
      this.#ends.delete(informer);
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  #keep(informer: IndexedInformer, signal: AbortSignal): void {
    const { keptIn: dir, logger, clock = systemClock } = this.#options;
    if (dir === undefined) return;
    const options = { dir, clock, logger: logger.with({ informer: informer.resource.resource }) };
    const keeping = new KeptObjects(informer, options)
      .run(signal)
      .finally(() => this.#running.delete(keeping));
    this.#running.add(keeping);
  }
}
