import {
  BatchedWrites,
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  type ServiceContext,
  WorkQueue,
} from "../../../base/index.ts";
import type { KindSource } from "../../api/index.ts";
import type { EventRecorder } from "../../client/index.ts";
import type { InformerFactory, KubeClient } from "../../client/types.ts";
import { BackendKeeper } from "../backends/backend-keeper.ts";
import type { Dependency } from "../cluster-lookup.ts";
import { provideIngressClass } from "../provide-classes.ts";
import type { ListenerReport, ProxyControl } from "../proxy-control.ts";
import type { Contribution } from "../routes/contribution.ts";
import { RouteAssembly } from "../routes/route-assembly.ts";
import { ClusterState } from "./cluster-state.ts";
import { Dependents } from "./dependents.ts";
import { GatewayPart } from "./gateway-part.ts";
import { IngressPart } from "./ingress-part.ts";
import { ListenerReports } from "./listener-reports.ts";
import type { Routing, RoutingPart } from "./routing.ts";

export interface IngressControllerOptions {
  client: KubeClient;
  informers: InformerFactory;
  recorder: EventRecorder;
  /** The kinds that are served: those of the Gateway API come and go. */
  kinds: KindSource;
  proxy: ProxyControl;
  /** Of Ingresses; Gateways say theirs. */
  ports: { readonly http: number; readonly https: number };
  /** At which this machine is reached. */
  addresses: readonly string[];
  /** Where several serve the same cluster, one of them writes statuses: does the work while it is this one's. */
  whileLeading?: (signal: AbortSignal, work: (term: AbortSignal) => Promise<void>) => Promise<void>;
  logger: Logger;
  clock: Clock;
}

const STATUS_WRITERS = 4;

/**
 * Follows Ingresses and Gateways: translates what changes, hands the proxy the table and the backends, and writes what became
 * of it. Ports are open only while there is an Ingress or a Gateway of its own.
 */
export class IngressController {
  readonly #options: IngressControllerOptions;
  readonly #logger: Logger;
  readonly #assembly = new RouteAssembly();
  readonly #dependents = new Dependents();
  readonly #reports = new ListenerReports();
  readonly #cluster: ClusterState;
  readonly #backends: BackendKeeper;
  readonly #writes: BatchedWrites;
  readonly #parts: readonly RoutingPart[];
  /** Owners whose status may be other, since the table was told last. */
  readonly #untold = new Set<string>();
  #tableChanged = false;
  #isRunning = false;
  #statuses: WorkQueue | undefined;

  constructor(options: IngressControllerOptions) {
    const { informers, proxy, clock } = options;
    this.#options = options;
    this.#logger = options.logger.with({ component: "ingress" });
    this.#cluster = new ClusterState({
      informers,
      onChange: (dependency) => this.#onChange(dependency),
      onService: (key) => this.#backends.refresh(key),
      onSynced: () => this.#writes.touch(),
    });
    this.#backends = new BackendKeeper(proxy, this.#cluster);
    this.#writes = new BatchedWrites({
      clock,
      mayWrite: () =>
        this.#isRunning && this.#parts.every((part) => part.isComplete) && this.#cluster.isComplete,
      write: () => this.#work(),
      onFailure: (error) =>
        this.#logger.error("routes cannot be brought up to date", { error: errorMessage(error) }),
      collectGarbage: () => {},
    });
    const routing: Routing = {
      set: (owner, contribution, dependsOn) => this.#set(owner, contribution, dependsOn),
      delete: (owner) => this.#delete(owner),
      dependentsOf: (dependency) => this.#dependents.of(dependency),
      touch: () => this.#writes.touch(),
      tell: (owner) => void this.#untold.add(owner),
    };
    const common = { ...options, routing, cluster: this.#cluster, reports: this.#reports };
    this.#parts = [new IngressPart(common), new GatewayPart(common)];
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    const { proxy, client, whileLeading = (term, work) => work(term) } = this.#options;
    this.#isRunning = true;
    const stops = [
      proxy.onListeners((reports) => this.#onListeners(reports)),
      ...this.#parts.flatMap((part) => part.start()),
    ];
    this.#writes.touch();
    ready();
    await provideIngressClass(client).catch((error) => {
      if (!isGantryError(error, "AlreadyExists"))
        this.#logger.warn("the class of Ingresses was not made", { error: errorMessage(error) });
    });
    await whileLeading(signal, (term) => this.#writeStatuses(term));
    this.#isRunning = false;
    this.#writes.stop();
    this.#cluster.stop();
    for (const stop of stops) stop();
  }

  #set(owner: string, contribution: Contribution, dependsOn: ReadonlySet<Dependency>): void {
    this.#assembly.set(owner, contribution);
    this.#backends.set(owner, contribution.backends);
    this.#dependents.set(owner, dependsOn);
    this.#tableChanged = true;
  }

  #delete(owner: string): void {
    this.#assembly.delete(owner);
    this.#backends.set(owner, []);
    this.#dependents.delete(owner);
    this.#tableChanged = true;
  }

  #onChange(dependency: Dependency): void {
    for (const owner of this.#dependents.of(dependency)) for (const part of this.#parts) part.mark(owner);
  }

  #onListeners(reports: readonly ListenerReport[]): void {
    const changed = this.#reports.take(reports);
    for (const port of changed) {
      const error = this.#reports.errorOf(port);
      if (error !== undefined)
        this.#logger.warn("a port cannot be listened on, and is tried again", { port, error });
    }
    for (const part of this.#parts) part.onPorts(changed);
    this.#tellStatuses();
  }

  /** Translates what has changed, and hands over the whole once all that was looked at is known. */
  #work(): void {
    for (const part of this.#parts) this.#translateAll(part);
    if (!this.#cluster.isComplete) return;
    if (this.#tableChanged) {
      this.#tableChanged = false;
      this.#options.proxy.setRoutes(this.#assembly.table());
      this.#backends.drop();
    }
    this.#tellStatuses();
  }

  /** An object that cannot be translated keeps what it had, and no other one waits for it. */
  #translateAll(part: RoutingPart): void {
    for (let owner = part.takeDirty(); owner !== undefined; owner = part.takeDirty()) {
      try {
        part.translate(owner);
      } catch (error) {
        this.#logger.error("an object cannot be translated", { owner, error });
      }
    }
  }

  #tellStatuses(): void {
    if (!this.#statuses) return;
    for (const owner of this.#untold) this.#statuses.add(owner);
    this.#untold.clear();
  }

  async #writeStatuses(term: AbortSignal): Promise<void> {
    const queue = new WorkQueue((owner) => this.#writeStatus(owner), {
      concurrency: STATUS_WRITERS,
      clock: this.#options.clock,
      retryInitialMs: 50,
      retryMaxMs: 60_000,
      onError: (owner, error) => {
        if (!term.aborted && !isGantryError(error, "Conflict"))
          this.#logger.warn("a status cannot be written, will retry", { owner, error: errorMessage(error) });
      },
    });
    this.#statuses = queue;
    for (const part of this.#parts) for (const owner of part.owned()) queue.add(owner);
    await new Promise<void>((resolve) => {
      if (term.aborted) resolve();
      else term.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#statuses = undefined;
    await queue.stop();
  }

  async #writeStatus(owner: string): Promise<void> {
    for (const part of this.#parts) await part.write(owner);
  }
}
