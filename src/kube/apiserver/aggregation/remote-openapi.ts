import { type Clock, errorMessage, GantryError, type Logger, WorkQueue } from "../../../base/index.ts";
import type { RemoteAnswer } from "../../../http/index.ts";
import { type APIService, apiServices } from "../../api/index.ts";
import type { InformerFactory } from "../../client/types.ts";
import type { Swagger } from "../openapi/swagger.ts";
import { swaggerPart } from "../openapi/swagger-part.ts";
import type { ToldDocuments } from "../openapi/told-documents.ts";
import { type AggregatedServices, isRemote, type RemoteApiService } from "./aggregated-services.ts";
import type { RemoteReader } from "./remote-reader.ts";

const TIMEOUT_MS = 60_000;
const RESYNC_MS = 60_000;
const RETRY_INITIAL_MS = 1_000;
const READER = { name: "system:aggregator", groups: [] };

type Index = Record<string, { serverRelativeURL: string }>;

/** What one server tells of one version of a group. */
interface Told {
  swagger?: { part: Swagger; etag: string | undefined };
  index: Index;
}

export interface RemoteOpenApiOptions {
  reader: RemoteReader;
  services: AggregatedServices;
  logger: Logger;
  clock: Clock;
}

/** What the servers behind APIServices tell of their APIs in OpenAPI: read each minute and kept (kube-aggregator's openapi controllers). */
export class RemoteOpenApi implements ToldDocuments {
  readonly #options: RemoteOpenApiOptions;
  readonly #told = new Map<string, Told>();
  #revision = 0;

  constructor(options: RemoteOpenApiOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#revision;
  }

  swaggers(): readonly Swagger[] {
    const rank = ({ spec }: APIService) => spec.groupPriorityMinimum * 1000 + spec.versionPriority;
    return this.#answering()
      .sort((a, b) => rank(b) - rank(a) || (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap(({ metadata }) => this.#told.get(metadata.name)?.swagger?.part ?? []);
  }

  index(): Index {
    return Object.assign(
      {},
      ...this.#answering().map(({ metadata }) => this.#told.get(metadata.name)?.index),
    );
  }

  /** Who has the OpenAPI 3 document of a path (`apis/GROUP/VERSION`). */
  holderOf(path: string): RemoteApiService | undefined {
    return this.#answering().find(({ metadata }) => {
      const index = this.#told.get(metadata.name)?.index ?? {};
      return Object.hasOwn(index, path);
    });
  }

  async run(informers: InformerFactory, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const services = informers.informer<APIService>(apiServices);
    const queue = new WorkQueue((name) => this.#read(name, services.get(name)), {
      concurrency: 1,
      retryInitialMs: RETRY_INITIAL_MS,
      retryMaxMs: RESYNC_MS,
      clock,
      onError: (name, error) =>
        logger.debug("a server's OpenAPI cannot be read", { name, error: errorMessage(error) }),
    });
    const changed = ({ metadata }: APIService) => queue.add(metadata.name);
    const unsubscribe = [
      services.subscribe({ onAdd: changed, onUpdate: changed, onDelete: changed }),
      clock.every(RESYNC_MS, () => [...services.list()].filter(isRemote).forEach(changed), { unref: true }),
    ];
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const stop of unsubscribe) stop();
    await queue.stop();
  }

  #answering(): RemoteApiService[] {
    return this.#options.services.all().filter(isRemote);
  }

  async #read(name: string, service: APIService | undefined): Promise<void> {
    if (!service || !isRemote(service)) {
      if (this.#told.delete(name)) this.#revision++;
      return;
    }
    const known = this.#told.get(name);
    // What was read once counts until something else is.
    const told: Told = known ?? { index: {} };
    this.#told.set(name, told);
    told.index = await this.#readIndex(service);
    const swagger = await this.#readSwagger(service, told.swagger);
    if (swagger !== told.swagger) this.#revision++;
    if (swagger) told.swagger = swagger;
    else delete told.swagger;
  }

  async #readIndex(service: RemoteApiService): Promise<Index> {
    const { code, bytes } = await this.#get(service, "/openapi/v3", {});
    if (code === 404) return {};
    if (code !== 200) throw notRead(code);
    const { paths = {} } = JSON.parse(bytes.toString()) as { paths?: Index };
    const { group, version } = service.spec;
    const own = [`apis/${group}`, `apis/${group}/${version}`];
    return Object.fromEntries(Object.entries(paths).filter(([path]) => own.includes(path)));
  }

  /** The very same where it has not changed; undefined: there is none. */
  async #readSwagger(service: RemoteApiService, known: Told["swagger"]): Promise<Told["swagger"]> {
    const tag: Record<string, string> = known?.etag ? { "if-none-match": known.etag } : {};
    const { code, headers, bytes } = await this.#get(service, "/openapi/v2", tag);
    if (code === 304 && known) return known;
    if (code === 404) return undefined;
    if (code !== 200) throw notRead(code);
    const { group, version } = service.spec;
    const part = swaggerPart(JSON.parse(bytes.toString()), `/apis/${group}/${version}/`);
    return { part, etag: headers.etag };
  }

  #get(service: RemoteApiService, path: string, headers: Record<string, string>): Promise<RemoteAnswer> {
    return this.#options.reader.get(service, {
      path,
      user: READER,
      headers: { accept: "application/json", ...headers },
      timeoutMs: TIMEOUT_MS,
    });
  }
}

const notRead = (code: number) => new GantryError("Unavailable", `the server answered with ${code}`);
