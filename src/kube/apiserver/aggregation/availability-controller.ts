import { type Clock, errorMessage, type Logger, rfc3339Seconds, WorkQueue } from "../../../base/index.ts";
import {
  type APIService,
  apiServices,
  endpointSlices,
  isStatusError,
  type KubeObject,
  localAvailability,
  services,
} from "../../api/index.ts";
import type { Informer, InformerFactory, KubeClient } from "../../client/types.ts";
import { isRemote, type RemoteApiService } from "./aggregated-services.ts";
import {
  type Availability,
  failedDiscovery,
  PASSED,
  serviceProblem,
  withAvailability,
} from "./availability.ts";
import { discoveryProblem } from "./check-discovery.ts";
import type { RemoteConnections } from "./remote-connections.ts";

export interface AvailabilityControllerOptions {
  client: KubeClient;
  informers: InformerFactory;
  connections: RemoteConnections;
  logger: Logger;
  clock: Clock;
}

/** Nothing tells of a server behind a Service that stops answering. */
const RESYNC_MS = 30_000;
const RETRY_MAX_MS = 30_000;
const CONCURRENCY = 5;

/** Says of each APIService whether requests for it can be answered (kube-aggregator's availability controllers). */
export class AvailabilityController {
  readonly #options: AvailabilityControllerOptions;
  readonly #apiServices: Informer<APIService>;
  readonly #services: Informer;
  readonly #slices: Informer;
  readonly #queue: WorkQueue;

  constructor(options: AvailabilityControllerOptions) {
    const { informers, logger, clock } = options;
    this.#options = options;
    this.#apiServices = informers.informer<APIService>(apiServices);
    this.#services = informers.informer(services);
    this.#slices = informers.informer(endpointSlices);
    this.#slices.addIndex("service", (slice) => [serviceOfSlice(slice)]);
    this.#queue = new WorkQueue((name) => this.#reconcile(name), {
      concurrency: CONCURRENCY,
      retryMaxMs: RETRY_MAX_MS,
      clock,
      onError: (name, error) => {
        if (!isStatusError(error, "Conflict"))
          logger.debug("an APIService is looked at again", { name, error: errorMessage(error) });
      },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const enqueue = ({ metadata }: KubeObject) => this.#queue.add(metadata.name);
    const ofService = ({ metadata }: KubeObject) =>
      this.#enqueueFor(`${metadata.namespace}/${metadata.name}`);
    const ofSlice = (slice: KubeObject) => this.#enqueueFor(serviceOfSlice(slice));
    const unsubscribe = [
      this.#apiServices.subscribe({ onAdd: enqueue, onUpdate: enqueue }),
      this.#services.subscribe({ onAdd: ofService, onUpdate: ofService, onDelete: ofService }),
      this.#slices.subscribe({ onAdd: ofSlice, onUpdate: ofSlice, onDelete: ofSlice }),
      this.#options.clock.every(RESYNC_MS, () => [...this.#apiServices.list()].forEach(enqueue), {
        unref: true,
      }),
    ];
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (const stop of unsubscribe) stop();
    await this.#queue.stop();
  }

  #enqueueFor(place: string): void {
    for (const service of this.#apiServices.list())
      if (isRemote(service) && placeOf(service) === place) this.#queue.add(service.metadata.name);
  }

  async #reconcile(name: string): Promise<void> {
    const service = this.#apiServices.get(name);
    if (!service) return;
    const found = isRemote(service) ? await this.#look(service) : LOCAL;
    const { client, clock } = this.#options;
    const next = withAvailability(service, found, rfc3339Seconds(clock.nowMs()));
    if (next !== service) await client.updateStatus(apiServices, next);
    // Asked again soon, and then less and less often.
    if (found.reason === "FailedDiscoveryCheck") throw new Error(found.message);
  }

  async #look(service: RemoteApiService): Promise<Availability> {
    await Promise.all([this.#services.synced(), this.#slices.synced()]);
    const place = placeOf(service);
    const problem = serviceProblem(
      service,
      this.#services.get(place),
      this.#slices.byIndex("service", place),
    );
    if (problem) return problem;
    const message = await discoveryProblem(this.#options.connections, service, this.#options.clock);
    return message === undefined ? PASSED : failedDiscovery(message);
  }
}

const { status, reason, message } = localAvailability(null);
const LOCAL: Availability = { status, reason, message } as Availability;

const placeOf = ({ spec: { service } }: RemoteApiService) => `${service.namespace}/${service.name}`;

function serviceOfSlice({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"] ?? ""}`;
}
