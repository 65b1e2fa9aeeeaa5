import { isGantryError } from "../../../base/index.ts";
import { type Ingress, type IngressClass, ingressClasses, ingresses } from "../../api/index.ts";
import type { EventRecorder } from "../../client/index.ts";
import type { Informer, InformerFactory, KubeClient } from "../../client/types.ts";
import { PREFIX } from "../annotations/annotation-reader.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import { isOwnIngress } from "../ingress/own-ingress.ts";
import { translateIngress } from "../ingress/translate-ingress.ts";
import type { Problem } from "../problem.ts";
import type { ListenerReports } from "./listener-reports.ts";
import type { Routing, RoutingPart } from "./routing.ts";

export interface IngressPartOptions {
  client: KubeClient;
  informers: InformerFactory;
  recorder: EventRecorder;
  routing: Routing;
  cluster: ClusterLookup;
  reports: ListenerReports;
  ports: { readonly http: number; readonly https: number };
  /** At which this machine is reached. */
  addresses: readonly string[];
}

const BY_HOST = "ingress/host";
const OWNER = "ingress/";

const keyOf = ({ metadata }: Ingress) => `${metadata.namespace}/${metadata.name}`;
const ownerOf = (ingress: Ingress) => OWNER + keyOf(ingress);

/** Ingresses of the own classes: routes, addresses in their statuses, events. */
export class IngressPart implements RoutingPart {
  readonly #options: IngressPartOptions;
  readonly #ingresses: Informer<Ingress>;
  readonly #classes: Informer<IngressClass>;
  readonly #dirty = new Set<string>();
  /** What is wrong with each of the own ones. */
  readonly #own = new Map<string, readonly Problem[]>();
  /** What has been told of each, so that it is told once. */
  readonly #told = new Map<string, { version: string; problems: ReadonlySet<string> }>();

  constructor(options: IngressPartOptions) {
    this.#options = options;
    this.#ingresses = options.informers.informer<Ingress>(ingresses);
    this.#ingresses.addIndex(BY_HOST, hostsOf);
    this.#classes = options.informers.informer<IngressClass>(ingressClasses);
  }

  get isComplete(): boolean {
    return this.#ingresses.hasSynced && this.#classes.hasSynced;
  }

  start(): (() => void)[] {
    const { touch } = this.#options.routing;
    for (const informer of [this.#ingresses, this.#classes]) informer.synced().then(touch, () => {});
    const changed = (ingress: Ingress, previous?: Ingress) => {
      if (previous && versionOf(ingress) === versionOf(previous)) return;
      this.mark(ownerOf(ingress));
      for (const one of [ingress, previous]) if (one && isCanary(one)) this.#markHosts(one);
    };
    const all = () => {
      for (const one of this.#ingresses.list()) this.mark(ownerOf(one));
    };
    return [
      this.#ingresses.subscribe({
        onAdd: (one) => changed(one),
        onUpdate: (one, previous) => changed(one, previous),
        onDelete: (one) => changed(one),
      }),
      this.#classes.subscribe({ onAdd: all, onUpdate: all, onDelete: all }),
    ];
  }

  mark(owner: string): void {
    if (!owner.startsWith(OWNER)) return;
    this.#dirty.add(owner.slice(OWNER.length));
    this.#options.routing.touch();
  }

  takeDirty(): string | undefined {
    for (const key of this.#dirty) {
      this.#dirty.delete(key);
      return OWNER + key;
    }
    return undefined;
  }

  translate(owner: string): void {
    this.#translate(owner.slice(OWNER.length));
  }

  owned(): Iterable<string> {
    return [...this.#own.keys()].map((key) => OWNER + key);
  }

  onPorts(ports: readonly number[]): void {
    const { http, https } = this.#options.ports;
    if (!ports.some((port) => port === http || port === https)) return;
    for (const key of this.#own.keys()) this.#options.routing.tell(OWNER + key);
  }

  async write(owner: string): Promise<void> {
    if (!owner.startsWith(OWNER)) return;
    const key = owner.slice(OWNER.length);
    const ingress = this.#ingresses.get(key);
    if (!ingress) {
      this.#told.delete(key);
      return;
    }
    if (this.#own.has(key)) this.#tellEvents(key, ingress);
    await this.#writeStatus(key, ingress);
  }

  #translate(key: string): void {
    const { routing, cluster: lookup, ports } = this.#options;
    const ingress = this.#ingresses.get(key);
    if (!ingress || !isOwnIngress(ingress, this.#classes)) {
      routing.delete(OWNER + key);
      if (this.#own.delete(key)) routing.tell(OWNER + key);
      return;
    }
    const canaries = this.#canariesFor(ingress);
    const { contribution, problems, dependsOn } = translateIngress(ingress, { ports, lookup, canaries });
    routing.set(OWNER + key, contribution, dependsOn);
    this.#own.set(key, problems);
    routing.tell(OWNER + key);
  }

  /** The oldest first. */
  #canariesFor(ingress: Ingress): Ingress[] {
    const found = new Set(hostsOf(ingress).flatMap((host) => this.#ingresses.byIndex(BY_HOST, host)));
    const createdMs = ({ metadata }: Ingress) => Date.parse(metadata.creationTimestamp ?? "") || 0;
    return [...found]
      .filter((one) => one.metadata.namespace === ingress.metadata.namespace && isCanary(one))
      .filter((one) => isOwnIngress(one, this.#classes))
      .sort((a, b) => createdMs(a) - createdMs(b));
  }

  #markHosts(canary: Ingress): void {
    for (const host of hostsOf(canary))
      for (const one of this.#ingresses.byIndex(BY_HOST, host)) this.mark(ownerOf(one));
  }

  #tellEvents(key: string, ingress: Ingress): void {
    const { recorder } = this.#options;
    const told = this.#told.get(key);
    const version = versionOf(ingress);
    // An Ingress that was served before this program began is no news.
    const isNews = told ? told.version !== version : addressesOf(ingress).length === 0;
    if (isNews) recorder.event(ingress, "Normal", "Sync", "Scheduled for sync");
    const problems = new Set<string>();
    for (const { reason, message } of [...this.#own.get(key)!, ...this.#portProblems()]) {
      problems.add(message);
      if (!told?.problems.has(message)) recorder.event(ingress, "Warning", reason, message);
    }
    this.#told.set(key, { version, problems });
  }

  #portProblems(): Problem[] {
    const { reports, ports } = this.#options;
    return [ports.http, ports.https].flatMap((port) => {
      const error = reports.errorOf(port);
      if (error === undefined) return [];
      return { reason: "PortUnavailable", message: `port ${port} cannot be listened on: ${error}` };
    });
  }

  /** The addresses while its port is open; none of ours in one that is no more ours. */
  async #writeStatus(key: string, ingress: Ingress): Promise<void> {
    const { addresses, reports, ports, client } = this.#options;
    const isServed = this.#own.has(key) && (reports.isOpen(ports.http) || reports.isOpen(ports.https));
    const known = addressesOf(ingress);
    if (!isServed && !known.some((one) => addresses.includes(one))) return;
    const wanted = isServed ? addresses : [];
    if (known.join() === wanted.join()) return;
    const { namespace, name } = ingress.metadata;
    const loadBalancer = { ingress: wanted.length > 0 ? wanted.map((ip) => ({ ip })) : null };
    try {
      await client.patch(
        ingresses,
        namespace,
        name,
        "merge",
        { status: { loadBalancer } },
        { subresource: "status" },
      );
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  }
}

const addressesOf = ({ status }: Ingress) =>
  (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? "");

const isCanary = ({ metadata }: Ingress) => metadata.annotations?.[`${PREFIX}canary`] !== undefined;

const hostsOf = ({ spec }: Ingress) => (spec.rules ?? []).map(({ host }) => host?.toLowerCase() || "*");

/** What of an Ingress its routes follow from. */
function versionOf({ metadata, spec }: Ingress): string {
  return JSON.stringify([metadata.uid, metadata.annotations, spec]);
}
