import {
  backoffMs,
  type Cancel,
  type Clock,
  errorMessage,
  isGantryError,
  type Service as LifecycleService,
  type Logger,
  type ServiceContext,
  systemClock,
} from "../../base/index.ts";
import { deleteConntrack, nft } from "../../kernel/index.ts";
import type { PodNetwork } from "../../network/index.ts";
import { type EndpointSlice, endpointSlices, type Service, services } from "../api/index.ts";
import type { Informer, InformerFactory } from "../client/types.ts";
import { endpointsOfPort } from "./service-endpoint.ts";
import { servicePortsOf } from "./service-port.ts";
import { rulesOf, type ServiceRules } from "./service-rules.ts";
import { ServiceTable } from "./service-table.ts";
import { staleUdp } from "./stale-udp.ts";

export interface KubeProxyOptions {
  informers: InformerFactory;
  nodeName: string;
  instanceId: string;
  podNetwork: PodNetwork;
  logger: Logger;
  clock?: Clock;
  /** Names of services that must be ready first. */
  needs?: readonly string[];
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const BY_SERVICE = "kube-proxy/service";
const BY_POD = "kube-proxy/pod";
/** Changes that come within this time are written together. */
const BATCH_MS = 2;
/** How often it is checked that the table is still there. */
const CHECK_PERIOD_MS = 30_000;
const RETRY = { initialMs: 200, maxMs: 30_000 };

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
  readonly #table: ServiceTable;
  readonly #tableName: string;
  readonly #dirty = new Set<string>();
  /** Who waits for a pod to be out of use. */
  readonly #leavers = new Set<{ podUid: string; resolve: () => void }>();
  #scheduled: Cancel | undefined;
  #failures = 0;
  #mustRewrite = true;
  #running = false;

  constructor(options: KubeProxyOptions) {
    this.#options = options;
    this.needs = options.needs ?? [];
    this.#logger = options.logger.with({ component: "kube-proxy" });
    this.#clock = options.clock ?? systemClock;
    this.#tableName = serviceTableName(options.instanceId);
    this.#services = options.informers.informer<Service>(services);
    this.#slices = options.informers.informer<EndpointSlice>(endpointSlices);
    this.#slices.addIndex(BY_SERVICE, (slice) => {
      const key = serviceOf(slice);
      return key ? [key] : [];
    });
    this.#slices.addIndex(BY_POD, (slice) =>
      (slice.endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.uid ? [targetRef.uid] : [])),
    );
    const { serviceCidr, gateway } = options.podNetwork;
    this.#table = new ServiceTable({ table: this.#tableName, serviceCidr, gateway });
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
    ];
    const stopChecking = this.#clock.every(CHECK_PERIOD_MS, () => this.#check(), { unref: true });
    try {
      // Until both are complete the rules of the last run serve better than half of the new ones.
      await Promise.all([this.#services.synced(signal), this.#slices.synced(signal)]);
      this.#running = true;
      this.#flush();
      ready();
      await aborted(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#running = false;
      stopChecking();
      this.#scheduled?.();
      this.#scheduled = undefined;
      for (const stop of stops) stop();
    }
  }

  /**
   * Resolves once no Service leads new connections to a pod that is going away: the pod's end has become known, and the
   * rules are written. At once, with false, where none does. Rejects when the signal aborts.
   */
  async untilPodLeft(podUid: string, signal: AbortSignal): Promise<boolean> {
    if (this.#hasLeft(podUid)) return false;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leaver = { podUid, resolve };
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#leavers.add(leaver);
    try {
      signal.throwIfAborted();
      await promise;
      return true;
    } finally {
      this.#leavers.delete(leaver);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #hasLeft(podUid: string): boolean {
    const isWritten = this.#running && !this.#mustRewrite && this.#dirty.size === 0;
    return isWritten && this.#slices.byIndex(BY_POD, podUid).every((slice) => isOutOfUse(slice, podUid));
  }

  /** Removes the rules of all Services. */
  destroy(): void {
    removeServiceTable(this.#options.instanceId);
  }

  #touch(service: string | undefined): void {
    if (service === undefined) return;
    this.#dirty.add(service);
    if (this.#running && this.#failures === 0) this.#schedule(BATCH_MS);
  }

  #schedule(delayMs: number): void {
    this.#scheduled ??= this.#clock.after(delayMs, () => {
      this.#scheduled = undefined;
      this.#flush();
    });
  }

  /** Brings the table up to date with what has changed. */
  #flush(): void {
    const commands: string[] = [];
    const stale: ReturnType<typeof staleUdp> = [];
    for (const key of this.#dirty) {
      const previous = this.#table.rulesOf(key);
      const next = this.#rulesFor(key);
      commands.push(...this.#table.set(key, next));
      stale.push(...staleUdp(previous, next));
    }
    this.#dirty.clear();
    try {
      if (this.#mustRewrite) nft(this.#table.renderAll());
      else if (commands.length > 0) nft(commands.join("\n"));
      this.#mustRewrite = false;
      this.#failures = 0;
    } catch (error) {
      this.#logger.error("Services cannot be written to nftables", { error: errorMessage(error) });
      this.#mustRewrite = true;
      this.#schedule(backoffMs(this.#failures++, RETRY));
      return;
    }
    for (const { podUid, resolve } of [...this.#leavers]) if (this.#hasLeft(podUid)) resolve();
    this.#collectGarbage();
    if (stale.length > 0) this.#forgetUdp(stale);
  }

  #rulesFor(key: string): ServiceRules | undefined {
    const service = this.#services.get(key);
    const ports = service ? servicePortsOf(service) : [];
    if (ports.length === 0) return undefined;
    const slices = this.#slices.byIndex(BY_SERVICE, key);
    return rulesOf(
      ports.map((info) => ({
        info,
        endpoints: endpointsOfPort(slices, info.portName, this.#options.nodeName),
      })),
      { podCidr: this.#options.podNetwork.podCidr },
    );
  }

  /** Apart from the change itself: nothing refers to these any more, and nobody waits for them to go. */
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
    try {
      nft(`list map ip ${this.#tableName} no_endpoint_nodeports`);
    } catch {
      this.#logger.warn("the table of Services is gone; writing it again");
      this.#mustRewrite = true;
      this.#schedule(0);
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

function keyOf(service: Service): string {
  return `${service.metadata.namespace}/${service.metadata.name}`;
}

/** Key of the Service that a slice belongs to. */
function serviceOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice.metadata.namespace}/${name}`;
}

/** Whether a slice gives new connections to the pod no more; what is said of a pod that terminates is so, too. */
function isOutOfUse(slice: EndpointSlice, podUid: string): boolean {
  return (slice.endpoints ?? [])
    .filter(({ targetRef }) => targetRef?.uid === podUid)
    .every(({ conditions }) => conditions?.terminating === true || conditions?.ready === false);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
