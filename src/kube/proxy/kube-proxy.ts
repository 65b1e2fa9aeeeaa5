import {
  BatchedWrites,
  type Clock,
  errorMessage,
  isGantryError,
  type Service as LifecycleService,
  type Logger,
  type ServiceContext,
  systemClock,
} from "../../base/index.ts";
import { deleteConntrack, nft, readNftTable } from "../../kernel/index.ts";
import type { PodNetwork } from "../../network/index.ts";
import {
  type EndpointSlice,
  endpointSlices,
  type Node,
  nodes,
  type Service,
  services,
} from "../api/index.ts";
import type { EventRecorder } from "../client/index.ts";
import type { Informer, InformerFactory } from "../client/types.ts";
import { Departures } from "./departures.ts";
import { HealthChecks } from "./health/health-checks.ts";
import { NodePortAddresses } from "./node-port-addresses.ts";
import { OpenConnections } from "./open-connections.ts";
import { endpointsOfPort, type ServiceEndpoint } from "./service-endpoint.ts";
import { type ServicePortInfo, servicePortsOf } from "./service-port.ts";
import { type RuleContext, rulesOf } from "./service-rules.ts";
import { ServiceTable } from "./service-table.ts";
import { addressesIn, lastingPodsOf, podsOf, serviceOf } from "./slice-pods.ts";
import { staleUdp } from "./stale-udp.ts";

export interface KubeProxyOptions {
  informers: InformerFactory;
  nodeName: string;
  instanceId: string;
  podNetwork: PodNetwork;
  logger: Logger;
  clock?: Clock;
  /** How long connections of Services to a pod that goes away are waited for: some stay open for as long as they can. */
  lastConnectionsMs?: number;
  /** Where `/healthz` is served; absent: nowhere. */
  healthPort?: number;
  /** Ranges of the node's addresses at which node ports are open; absent: all. */
  nodePortCidrs?: readonly string[] | undefined;
  /** Tells of what cannot be served. */
  recorder?: EventRecorder;
  /** Names of services that must be ready first. */
  needs?: readonly string[];
}

/** A pod that is going away. */
export interface LeavingPod {
  uid: string;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** Whether Services that select it list it until it is gone: it has an address, is deleted, and has not finished. */
  isListed: boolean;
}

const ZONE_LABEL = "topology.kubernetes.io/zone";
const BY_SERVICE = "kube-proxy/service";
const BY_POD = "kube-proxy/pod";
const BY_LASTING_POD = "kube-proxy/lasting-pod";
/** How often it is checked that the table is still there. */
const CHECK_PERIOD_MS = 30_000;
/** A packet that met the rules as they were before is in connection tracking by then. */
const SETTLE_MS = 50;
const LAST_CONNECTIONS_MS = 1000;

/**
 * Makes Services reachable: follows Services and EndpointSlices, and keeps an nftables table that sends connections to
 * Service addresses on to endpoints. The rules stay when the program stops.
 */
export class KubeProxy implements LifecycleService {
  readonly name = "kube-proxy";
  readonly needs: readonly string[];
  readonly #options: KubeProxyOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #node: Informer<Node>;
  readonly #health: HealthChecks;
  readonly #table: ServiceTable;
  readonly #tableName: string;
  readonly #dirty = new Set<string>();
  readonly #departures = new Departures();
  readonly #openConnections: OpenConnections;
  readonly #writes: BatchedWrites;
  /** UDP flows that lead to where nobody is, until they are forgotten. */
  #stale: ReturnType<typeof staleUdp> = [];
  #mustRewrite = true;
  #running = false;

  constructor(options: KubeProxyOptions) {
    this.#options = options;
    this.needs = options.needs ?? [];
    this.#logger = options.logger.with({ component: "kube-proxy" });
    this.#clock = options.clock ?? systemClock;
    this.#openConnections = new OpenConnections(this.#clock);
    this.#tableName = serviceTableName(options.instanceId);
    this.#services = options.informers.informer<Service>(services);
    this.#slices = options.informers.informer<EndpointSlice>(endpointSlices);
    this.#slices.addIndex(BY_SERVICE, (slice) => {
      const key = serviceOf(slice);
      return key ? [key] : [];
    });
    this.#slices.addIndex(BY_POD, ({ endpoints }) => podsOf(endpoints));
    this.#slices.addIndex(BY_LASTING_POD, lastingPodsOf);
    this.#node = options.informers.informer<Node>(nodes, {
      fieldSelector: `metadata.name=${options.nodeName}`,
    });
    const nodePorts = new NodePortAddresses(options.nodePortCidrs);
    this.#health = new HealthChecks({ ...options, nodePorts, logger: this.#logger, clock: this.#clock });
    const { serviceCidr, gateway } = options.podNetwork;
    this.#table = new ServiceTable({ table: this.#tableName, serviceCidr, gateway, nodePorts });
    this.#writes = new BatchedWrites({
      clock: this.#clock,
      mayWrite: () => this.#running,
      write: () => this.#write(),
      onFailure: (error) => {
        this.#logger.error("Services cannot be written to nftables", { error: errorMessage(error) });
        this.#mustRewrite = true;
      },
      onWritten: () => {
        this.#health.proxy.written();
        this.#forgetUdp(this.#stale.splice(0));
      },
      collectGarbage: () => this.#collectGarbage(),
    });
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    const stops = [
      this.#services.subscribe({
        onAdd: (service) => this.#touch(keyOf(service)),
        onUpdate: (service) => this.#touch(keyOf(service)),
        onDelete: (service) => this.#touch(keyOf(service)),
      }),
      this.#slices.subscribe({
        onAdd: (slice) => this.#touch(serviceOf(slice)),
        onUpdate: (slice, previous) => {
          this.#touch(serviceOf(previous));
          this.#touch(serviceOf(slice));
        },
        onDelete: (slice) => this.#touch(serviceOf(slice)),
      }),
      this.#node.subscribe({
        onAdd: (node) => this.#nodeIs(node),
        onUpdate: (node, previous) => this.#nodeIs(node, previous),
        onDelete: (node) => this.#health.proxy.nodeIs(node),
      }),
    ];
    const stopChecking = this.#clock.every(CHECK_PERIOD_MS, () => this.#check(), { unref: true });
    const isOver = new AbortController();
    const serving = this.#health.run(AbortSignal.any([signal, isOver.signal]));
    try {
      // Until all are complete the rules of the last run serve better than half of the new ones.
      await Promise.all([this.#services, this.#slices, this.#node].map((one) => one.synced(signal)));
      this.#running = true;
      this.#writes.flush();
      ready();
      await aborted(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#running = false;
      stopChecking();
      this.#writes.stop();
      for (const stop of stops) stop();
      isOver.abort();
      await serving;
    }
  }

  /**
   * To be called when a pod is going away, before its containers hear of it. From then on Services lead new connections to
   * other pods as long as there are any, whatever slices say of this one. Resolves once that is written, the slices say so
   * too (they are what counts after a restart, and name what takes the place of a Service's last pod), and the connections
   * that had been led to the pod are answered (those that stay open are not waited for long). At once for a pod of no
   * Service. Rejects when the signal aborts.
   */
  async untilPodLeft(pod: LeavingPod, signal: AbortSignal): Promise<void> {
    const { uid } = pod;
    this.#departures.add(uid, this.#clock.monotonicMs());
    const addresses = this.#addressesOf(uid);
    const listing = pod.isListed ? this.#servicesOf(pod) : [];
    this.#touchServicesOf(uid);
    try {
      await this.#writes.until(() => this.#isKnownToEnd(uid, listing), signal);
    } finally {
      this.#departures.end(uid);
      this.#touchServicesOf(uid);
    }
    addresses.push(...this.#addressesOf(uid));
    await this.#writes.until(() => true, signal);
    if (addresses.length === 0) return;
    await this.#clock.sleep(SETTLE_MS, signal);
    await this.#untilAnswered(addresses, signal);
  }

  #addressesOf(podUid: string): string[] {
    return this.#slices.byIndex(BY_POD, podUid).flatMap((slice) => addressesIn(slice, podUid));
  }

  /** Keys of the Services whose slices list the pod, or will. */
  #servicesOf({ namespace, labels }: LeavingPod): string[] {
    return [...this.#services.list(namespace)].filter((service) => selects(service, labels)).map(keyOf);
  }

  #isKnownToEnd(podUid: string, listing: readonly string[]): boolean {
    const isKept = (key: string | undefined) => isLasting(this.#services.get(key ?? ""));
    if (this.#slices.byIndex(BY_LASTING_POD, podUid).some((slice) => isKept(serviceOf(slice)))) return false;
    const listed = this.#slices.byIndex(BY_POD, podUid).map(serviceOf);
    return listing.every((key) => listed.includes(key) || !isKept(key));
  }

  async #untilAnswered(addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const limitMs = this.#options.lastConnectionsMs ?? LAST_CONNECTIONS_MS;
    try {
      await this.#openConnections.untilNoneLeadsTo(addresses, limitMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#logger.warn("connections cannot be listed", { error: errorMessage(error) });
    }
  }

  /** Removes the rules of all Services. */
  destroy(): void {
    removeServiceTable(this.#options.instanceId);
  }

  #touch(service: string | undefined): void {
    if (service === undefined) return;
    this.#dirty.add(service);
    this.#health.proxy.changed();
    this.#writes.touch();
  }

  /** In another zone other endpoints are near. */
  #nodeIs(node: Node, previous?: Node): void {
    this.#health.proxy.nodeIs(node);
    if (node.metadata.labels?.[ZONE_LABEL] === previous?.metadata.labels?.[ZONE_LABEL]) return;
    for (const service of this.#table.services()) this.#touch(service);
  }

  #touchServicesOf(podUid: string): void {
    for (const slice of this.#slices.byIndex(BY_POD, podUid)) this.#touch(serviceOf(slice));
  }

  /** Brings the table up to date with what has changed. */
  #write(): void {
    const commands: string[] = [];
    for (const key of this.#dirty) {
      const previous = this.#table.rulesOf(key);
      const ports = this.#portsOf(key);
      const next = ports.length > 0 ? rulesOf(ports, this.#context) : undefined;
      this.#health.serviceIs(key, this.#services.get(key), ports);
      commands.push(...this.#table.set(key, next));
      this.#stale.push(...staleUdp(previous, next));
    }
    this.#dirty.clear();
    if (this.#mustRewrite) this.#rewrite();
    else if (commands.length > 0) nft(commands.join("\n"));
    this.#mustRewrite = false;
  }

  /** Goes on from what is there, where it can. */
  #rewrite(): void {
    try {
      const found = readNftTable("ip", this.#tableName);
      const commands = found && this.#table.renderOver(found);
      if (commands !== undefined) {
        if (commands !== "") nft(commands);
        return;
      }
    } catch (error) {
      this.#logger.warn("the table of Services is made anew", { error: errorMessage(error) });
    }
    nft(this.#table.renderAll());
  }

  #portsOf(key: string): { info: ServicePortInfo; endpoints: ServiceEndpoint[] }[] {
    const service = this.#services.get(key);
    const slices = this.#slices.byIndex(BY_SERVICE, key);
    // Such a Service wants its pods for as long as they are there.
    const takesAll = service?.spec?.publishNotReadyAddresses === true;
    return (service ? servicePortsOf(service) : []).map((info) => {
      const endpoints = endpointsOfPort(slices, info.portName, this.#options.nodeName);
      return { info, endpoints: takesAll ? endpoints : endpoints.map((one) => this.#asItIs(one)) };
    });
  }

  get #context(): RuleContext {
    const { podCidr, translationMark } = this.#options.podNetwork;
    const zone = this.#node.get(this.#options.nodeName)?.metadata.labels?.[ZONE_LABEL] ?? "";
    return { podCidr, translationMark, zone };
  }

  #asItIs(endpoint: ServiceEndpoint): ServiceEndpoint {
    if (!this.#departures.has(endpoint.podUid)) return endpoint;
    const isEnding = this.#departures.isEnding(endpoint.podUid);
    return { ...endpoint, isReady: false, isTerminating: true, isEnding };
  }

  /**
   * Apart from the change itself, and some time after it: nothing refers to these any more, but the kernel keeps the rules of two
   * generations only, and a packet that was held up in the former one must not find a third.
   */
  #collectGarbage(): void {
    const commands = this.#table.takeGarbage();
    if (commands.length === 0 || this.#tryRun(commands.join("\n"))) return;
    for (const command of commands) this.#tryRun(command);
  }

  #tryRun(commands: string): boolean {
    try {
      nft(commands);
      return true;
    } catch (error) {
      this.#logger.debug("an unused chain stays until the table is written anew", {
        error: errorMessage(error),
      });
      return false;
    }
  }

  /** UDP has no end of a connection: what connection tracking remembers would go on leading to where nobody is. */
  #forgetUdp(stale: ReturnType<typeof staleUdp>): void {
    if (stale.length === 0) return;
    try {
      deleteConntrack("udp", (entry) =>
        stale.some(
          ({ ip, port, endpoints }) =>
            entry.originalPort === port &&
            (ip === "" || entry.originalDestination === ip) &&
            (endpoints === "any" || endpoints.includes(entry.replySource)),
        ),
      );
    } catch (error) {
      this.#logger.warn("old UDP connections cannot be forgotten", { error: errorMessage(error) });
    }
  }

  /** Somebody may have flushed all tables (a firewall's reload does). */
  #check(): void {
    if (!this.#running) return;
    this.#health.retry();
    this.#departures.forget(
      this.#clock.monotonicMs(),
      (podUid) => this.#slices.byIndex(BY_POD, podUid).length > 0,
    );
    try {
      nft(`list map ip ${this.#tableName} no_endpoint_nodeports`);
    } catch {
      this.#logger.warn("the table of Services is gone; writing it again");
      this.#mustRewrite = true;
      this.#writes.touch();
    }
  }
}

export function serviceTableName(instanceId: string): string {
  return `gantry_${instanceId}_kube`;
}

/** For `gantry reset`, where nothing runs. */
export function removeServiceTable(instanceId: string): void {
  try {
    nft(`delete table ip ${serviceTableName(instanceId)}`);
  } catch (error) {
    if (!isGantryError(error, "NotFound")) throw error;
  }
}

/** Whether pods with these labels become endpoints of the Service. */
function selects({ spec }: Service, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  if (spec?.type === "ExternalName" || wanted.length === 0) return false;
  return wanted.every(([key, value]) => labels[key] === value);
}

/** Of one that is being deleted nobody keeps the slices any more. */
function isLasting(service: Service | undefined): boolean {
  return service !== undefined && service.metadata.deletionTimestamp === undefined;
}

function keyOf(service: Service): string {
  return `${service.metadata.namespace}/${service.metadata.name}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
