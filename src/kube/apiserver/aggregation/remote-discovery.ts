import { type Clock, errorMessage, GantryError, type Logger, WorkQueue } from "../../../base/index.ts";
import { type APIService, apiServices } from "../../api/index.ts";
import type { InformerFactory } from "../../client/types.ts";
import type { ToldVersion } from "../discovery/registrations.ts";
import { isRemote, type RemoteApiService } from "./aggregated-services.ts";
import type { RemoteReader } from "./remote-reader.ts";
import { resourcesByVersion, resourcesOfList } from "./told-resources.ts";

const TIMEOUT_MS = 5_000;
const RESYNC_MS = 60_000;
const CONCURRENCY = 2;
const AGGREGATED = /^application\/json;(?=.*g=apidiscovery\.k8s\.io)(?=.*v=v2(?:beta1)?(?:;|$))/;
const ACCEPT = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(",");

/** What a server told of everything that it has. */
interface Document {
  resources: Map<string, object[]>;
  etag: string | undefined;
  /** Before it was asked for. */
  askedAtMs: number;
}

export interface RemoteDiscoveryOptions {
  reader: RemoteReader;
  logger: Logger;
  clock: Clock;
}

/** What the servers behind APIServices tell of their resources: asked for each minute and kept (kube-aggregator's discovery manager). */
export class RemoteDiscovery {
  readonly #options: RemoteDiscoveryOptions;
  readonly #told = new Map<string, ToldVersion>();
  /** By Service: one may answer for several versions. */
  readonly #documents = new Map<string, Document>();
  readonly #changedAtMs = new Map<string, number>();

  constructor(options: RemoteDiscoveryOptions) {
    this.#options = options;
  }

  /** By the name of the APIService; undefined: its server has not been asked yet. */
  told(name: string): ToldVersion | undefined {
    return this.#told.get(name);
  }

  async run(informers: InformerFactory, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const services = informers.informer<APIService>(apiServices);
    const queue = new WorkQueue((name) => this.#ask(name, services.get(name)), {
      concurrency: CONCURRENCY,
      clock,
      onError: (name, error) =>
        logger.debug("discovery is asked again", { name, error: errorMessage(error) }),
    });
    const changed = ({ metadata }: APIService) => {
      this.#forgetUnused(services.list());
      this.#changedAtMs.set(metadata.name, clock.monotonicMs());
      queue.add(metadata.name);
    };
    const unsubscribe = [
      services.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed }),
      clock.every(RESYNC_MS, () => [...services.list()].filter(isRemote).forEach(changed), { unref: true }),
    ];
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const stop of unsubscribe) stop();
    await queue.stop();
  }

  #forgetUnused(services: Iterable<APIService>): void {
    if (this.#documents.size === 0) return;
    const used = new Set([...services].filter(isRemote).map(placeOf));
    for (const place of this.#documents.keys()) if (!used.has(place)) this.#documents.delete(place);
  }

  async #ask(name: string, service: APIService | undefined): Promise<void> {
    if (!service || !isRemote(service)) {
      this.#told.delete(name);
      this.#changedAtMs.delete(name);
      return;
    }
    try {
      this.#told.set(name, { resources: await this.#resources(service), freshness: "Current" });
    } catch (error) {
      this.#told.set(name, { resources: [], freshness: "Stale" });
      throw error;
    }
  }

  async #resources(service: RemoteApiService): Promise<readonly object[]> {
    const { group, version } = service.spec;
    const document = await this.#document(service);
    if (document) return document.resources.get(`${group ?? ""}/${version}`) ?? [];
    return this.#listed(service);
  }

  /** Undefined where the server does not tell everything at once. */
  async #document(service: RemoteApiService): Promise<Document | undefined> {
    const key = placeOf(service);
    const known = this.#documents.get(key);
    const changedAtMs = this.#changedAtMs.get(service.metadata.name) ?? 0;
    if (known && known.askedAtMs > changedAtMs) return known;
    const askedAtMs = this.#options.clock.monotonicMs();
    const { code, headers, bytes } = await this.#options.reader.get(service, {
      path: "/apis",
      user: { name: "system:kube-aggregator", groups: ["system:masters"] },
      headers: { accept: ACCEPT, ...(known?.etag ? { "if-none-match": known.etag } : {}) },
      timeoutMs: TIMEOUT_MS,
    });
    if (code === 503) throw unavailable(`service ${key} returned non-success response code: ${code}`);
    const isTold = code === 200 && AGGREGATED.test(headers["content-type"] ?? "");
    if (!isTold && !(code === 304 && known)) return undefined;
    const document: Document = isTold
      ? { resources: resourcesByVersion(JSON.parse(bytes.toString())), etag: headers.etag, askedAtMs }
      : { ...known!, askedAtMs };
    this.#documents.set(key, document);
    return document;
  }

  async #listed(service: RemoteApiService): Promise<object[]> {
    const { group, version } = service.spec;
    const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
    const { code, bytes } = await this.#options.reader.get(service, {
      path,
      user: { name: "system:kube-aggregator", groups: [] },
      headers: { accept: "application/json" },
      timeoutMs: TIMEOUT_MS,
    });
    if (code !== 200) throw unavailable(`failed to download legacy discovery for ${path}: ${code}`);
    return resourcesOfList(JSON.parse(bytes.toString()));
  }
}

function placeOf({ spec: { service } }: RemoteApiService): string {
  return `${service.namespace}/${service.name}:${service.port ?? 443}`;
}

const unavailable = (message: string) => new GantryError("Unavailable", message);
