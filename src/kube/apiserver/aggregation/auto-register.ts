import { type Clock, errorMessage, type Logger, WorkQueue } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import { type APIService, type APIServiceSpec, AUTOMANAGED_LABEL, apiServices } from "../../api/index.ts";
import type { Informer, InformerFactory, KubeClient } from "../../client/types.ts";
import { unlessChanged } from "../bootstrap/unless-changed.ts";

/**
 * When an APIService that a server keeps by itself is looked after: once as that server starts, or always. `unless-there`: it is made
 * where there is none, and from then on belongs to whoever changes it; where another server has one version of its group, it goes.
 */
export type Management = "onstart" | "true" | "unless-there";

export interface WantedApiService {
  name: string;
  management: Management;
  spec: APIServiceSpec;
}

export interface AutoRegisterOptions {
  client: KubeClient;
  informers: InformerFactory;
  logger: Logger;
  clock: Clock;
}

const CONCURRENCY = 5;

/**
 * Keeps the APIServices of this server's own groups as they should be, and those that somebody has taken over as they are
 * (kube-aggregator's autoregister controller).
 */
export class AutoRegister {
  readonly #options: AutoRegisterOptions;
  readonly #apiServices: Informer<APIService>;
  readonly #wanted = new Map<string, WantedApiService>();
  readonly #thereAtStart = new Set<string>();
  readonly #looked = new Set<string>();
  readonly #queue: WorkQueue;
  #hasBegun = false;

  constructor(options: AutoRegisterOptions) {
    const { informers, logger, clock } = options;
    this.#options = options;
    this.#apiServices = informers.informer<APIService>(apiServices);
    this.#queue = new WorkQueue((name) => this.#reconcile(name), {
      concurrency: CONCURRENCY,
      clock,
      onError: (name, error) =>
        logger.warn("an APIService is tried again", { name, error: errorMessage(error) }),
    });
  }

  want(service: WantedApiService): void {
    this.#wanted.set(service.name, service);
    this.#queue.add(service.name);
  }

  dismiss(name: string): void {
    this.#wanted.delete(name);
    this.#queue.add(name);
  }

  /** Ready when all that is wanted by then was looked at. */
  async run({ signal, ready }: { signal: AbortSignal; ready: () => void }): Promise<void> {
    await this.#apiServices.synced(signal);
    for (const { metadata } of this.#apiServices.list()) this.#thereAtStart.add(metadata.name);
    this.#hasBegun = true;
    for (const name of new Set([...this.#thereAtStart, ...this.#wanted.keys()])) await this.#reconcile(name);
    const enqueue = ({ metadata, spec }: APIService) => {
      this.#queue.add(metadata.name);
      for (const one of this.#wanted.values())
        if (one.management === "unless-there" && one.spec.group === spec.group) this.#queue.add(one.name);
    };
    const unsubscribe = this.#apiServices.subscribe({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    ready();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    unsubscribe();
    await this.#queue.stop();
  }

  async #reconcile(name: string): Promise<void> {
    if (!this.#hasBegun) return;
    const wanted = this.#wanted.get(name);
    const current = this.#apiServices.get(name);
    if (wanted?.management === "unless-there" && this.#isTakenOver(wanted)) await this.#yield(current);
    else await this.#correct(name, wanted, current);
    this.#looked.add(name);
  }

  async #correct(
    name: string,
    wanted: WantedApiService | undefined,
    current: APIService | undefined,
  ): Promise<void> {
    const { client } = this.#options;
    if (wanted?.management === "onstart" && this.#looked.has(name)) return;
    if (!current) {
      if (wanted) await unlessChanged(client.create(apiServices, objectOf(wanted)));
      return;
    }
    if (!this.#isOurs(current)) return;
    if (!wanted) {
      const { uid } = current.metadata;
      await unlessChanged(client.delete(apiServices, undefined, name, { preconditions: { uid } }));
    } else if (!jsonEquals(current.spec, wanted.spec)) {
      await unlessChanged(client.update(apiServices, { ...current, spec: wanted.spec }));
    }
  }

  #isTakenOver({ spec: { group } }: WantedApiService): boolean {
    return [...this.#apiServices.list()].some(({ spec }) => spec.group === group && spec.service);
  }

  /** What asks for the group's preferred version is to find the other server's. */
  async #yield(current: APIService | undefined): Promise<void> {
    if (!current || current.spec.service) return;
    const { uid, name } = current.metadata;
    const { client } = this.#options;
    await unlessChanged(client.delete(apiServices, undefined, name, { preconditions: { uid } }));
  }

  /** Who removes the label, or makes one of the same name, has it for himself. */
  #isOurs({ metadata }: APIService): boolean {
    const management = metadata.labels?.[AUTOMANAGED_LABEL];
    if (management === "true") return true;
    return (
      management === "onstart" && this.#thereAtStart.has(metadata.name) && !this.#looked.has(metadata.name)
    );
  }
}

function objectOf({ name, management, spec }: WantedApiService) {
  const labels = management === "unless-there" ? {} : { labels: { [AUTOMANAGED_LABEL]: management } };
  return { metadata: { name, ...labels }, spec };
}
