import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import type { KindSource } from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import type { InformerFactory, KubeClient } from "../../client/types.ts";
import { type GatewayKind, ROUTE_KINDS, type RouteKind } from "../gateway/gateway-kinds.ts";
import { NotingGatewayLookup } from "../gateway/gateway-lookup.ts";
import type {
  BackendTlsPolicy,
  Gateway,
  GatewayClass,
  ReferenceGrant,
  Route,
} from "../gateway/gateway-types.ts";
import { judgeGateway } from "../gateway/judge-gateway.ts";
import { gatewayKey, judgeRoute } from "../gateway/judge-route.ts";
import { GATEWAY_CONTROLLER } from "../names.ts";
import { provideGatewayClass } from "../provide-classes.ts";
import type { ClusterState } from "./cluster-state.ts";
import { GatewayInformers } from "./gateway-informers.ts";
import { GatewayStatusWriter } from "./gateway-status-writer.ts";
import { GatewayWorld } from "./gateway-world.ts";
import type { ListenerReports } from "./listener-reports.ts";
import { PortUses } from "./port-uses.ts";
import type { Routing, RoutingPart } from "./routing.ts";

export interface GatewayPartOptions {
  client: KubeClient;
  informers: InformerFactory;
  kinds: KindSource;
  routing: Routing;
  cluster: ClusterState;
  reports: ListenerReports;
  /** Those of Ingresses. */
  ports: { readonly http: number; readonly https: number };
  addresses: readonly string[];
  logger: Logger;
  clock: Clock;
}

const keyOf = ({ metadata }: ApiObject) =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;

/** Gateways of the own classes and what belongs to them, while their kinds are served. */
export class GatewayPart implements RoutingPart {
  readonly #options: GatewayPartOptions;
  readonly #objects: GatewayInformers;
  readonly #world = new GatewayWorld();
  readonly #ports: PortUses;
  readonly #dirtyGateways = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #statuses: GatewayStatusWriter;
  #hasProvided = false;

  constructor(options: GatewayPartOptions) {
    this.#options = options;
    this.#ports = new PortUses(options.ports);
    this.#objects = new GatewayInformers({
      kinds: options.kinds,
      informers: options.informers,
      onChange: (kind, object, previous) => this.#onChange(kind, object, previous),
      onKinds: () => this.#onKinds(),
      indexes: {
        HTTPRoute: { name: "ingress/gateway", keysOf: gatewaysOf },
        GRPCRoute: { name: "ingress/gateway", keysOf: gatewaysOf },
        TLSRoute: { name: "ingress/gateway", keysOf: gatewaysOf },
        BackendTLSPolicy: { name: "ingress/service", keysOf: servicesOf },
      },
    });
    this.#statuses = new GatewayStatusWriter({ ...options, objects: this.#objects, world: this.#world });
  }

  get isComplete(): boolean {
    return this.#objects.isComplete;
  }

  start(): (() => void)[] {
    return [this.#objects.start()];
  }

  mark(owner: string): void {
    if (!/^(gateway|gatewayclass|route|policy)\//.test(owner)) return;
    (owner.startsWith("gateway") ? this.#dirtyGateways : this.#dirty).add(owner);
    this.#options.routing.touch();
  }

  /** Gateways first: routes look at them. */
  takeDirty(): string | undefined {
    for (const dirty of [this.#dirtyGateways, this.#dirty]) {
      for (const owner of dirty) {
        dirty.delete(owner);
        return owner;
      }
    }
    return undefined;
  }

  translate(owner: string): void {
    const [what, ...rest] = owner.split("/");
    if (what === "gateway") this.#translateGateway(rest.join("/"));
    else if (what === "route") this.#translateRoute(rest[0] as RouteKind, rest.slice(1).join("/"));
    this.#options.routing.tell(owner);
  }

  owned(): Iterable<string> {
    return this.#world.owners();
  }

  onPorts(ports: readonly number[]): void {
    for (const key of this.#world.gatewaysAt(ports)) this.#options.routing.tell(`gateway/${key}`);
  }

  write(owner: string): Promise<void> {
    return this.#statuses.write(owner);
  }

  #onKinds(): void {
    this.#options.routing.touch();
    const kind = this.#objects.definition("GatewayClass");
    if (!kind) {
      this.#hasProvided = false;
      return;
    }
    if (this.#hasProvided) return;
    this.#hasProvided = true;
    provideGatewayClass(this.#options.client, kind).catch((error) => {
      if (!isGantryError(error, "AlreadyExists"))
        this.#options.logger.warn("the class of Gateways was not made", { error: errorMessage(error) });
    });
  }

  #onChange(kind: GatewayKind, object: ApiObject, previous?: ApiObject): void {
    if (previous && isStatusOnly(object, previous)) return;
    const key = keyOf(object);
    switch (kind) {
      case "GatewayClass":
        this.mark(`gatewayclass/${key}`);
        for (const one of this.#objects.list<Gateway>("Gateway"))
          if (one.spec.gatewayClassName === key) this.mark(`gateway/${keyOf(one)}`);
        break;
      case "Gateway":
        this.mark(`gateway/${key}`);
        break;
      case "ReferenceGrant":
        this.#markDependents(`grants/${object.metadata.namespace}`);
        break;
      case "BackendTLSPolicy":
        this.mark(`policy/${key}`);
        for (const one of [object, previous] as (BackendTlsPolicy | undefined)[])
          for (const service of one ? servicesOf(one) : []) this.#onPolicyFor(service);
        break;
      default:
        this.mark(`route/${kind}/${key}`);
    }
  }

  /** Others for the same Service may be in force now, or not any more. */
  #onPolicyFor(service: string): void {
    this.#markDependents(`tls-policies/${service}`);
    for (const other of this.#objects.byIndex<BackendTlsPolicy>("BackendTLSPolicy", service))
      this.mark(`policy/${keyOf(other)}`);
  }

  #markDependents(dependency: string): void {
    for (const owner of this.#options.routing.dependentsOf(dependency)) this.mark(owner);
  }

  #isOwn({ spec }: Gateway): boolean {
    const found = this.#objects.get<GatewayClass>("GatewayClass", spec.gatewayClassName);
    return found?.spec.controllerName === GATEWAY_CONTROLLER && found.spec.parametersRef === undefined;
  }

  #translateGateway(key: string): void {
    const { routing, addresses } = this.#options;
    const gateway = this.#objects.get<Gateway>("Gateway", key);
    const isOwn = gateway !== undefined && this.#isOwn(gateway);
    if (!isOwn && !this.#world.gateway(key)) return;
    if (isOwn) {
      this.#objects.watchAll();
      const lookup = this.#lookup();
      const transportAt = (port: number) => this.#ports.transportAt(port, key);
      const judgement = judgeGateway(gateway, { lookup, addresses, transportAt });
      this.#world.setGateway(key, { gateway, ...judgement });
      for (const other of this.#ports.set(key, judgement)) this.mark(`gateway/${other}`);
      routing.set(`gateway/${key}`, judgement.contribution, lookup.asked);
    } else {
      this.#world.deleteGateway(key);
      for (const other of this.#ports.delete(key)) this.mark(`gateway/${other}`);
      routing.delete(`gateway/${key}`);
    }
    for (const kind of ROUTE_KINDS)
      for (const route of this.#objects.byIndex<Route>(kind, key)) this.mark(`route/${kind}/${keyOf(route)}`);
  }

  #translateRoute(kind: RouteKind, key: string): void {
    const { routing } = this.#options;
    const owner = `route/${kind}/${key}`;
    const route = this.#objects.get<Route>(kind, key);
    const before = this.#world.route(owner);
    if (!route || !gatewaysOf(route).some((one) => this.#world.gateway(one))) {
      this.#world.deleteRoute(owner);
      routing.delete(owner);
    } else {
      const lookup = this.#lookup();
      const judgement = judgeRoute(route, kind, (gateway) => this.#world.gateway(gateway), lookup);
      this.#world.setRoute(owner, judgement);
      routing.set(owner, judgement.contribution, lookup.asked);
    }
    const now = this.#world.route(owner);
    for (const gateway of new Set([...(before?.attachedTo.keys() ?? []), ...(now?.attachedTo.keys() ?? [])]))
      routing.tell(`gateway/${gateway}`);
    for (const policy of new Set([...(before?.policies ?? []), ...(now?.policies ?? [])]))
      routing.tell(`policy/${policy}`);
  }

  #lookup(): NotingGatewayLookup {
    const { cluster } = this.#options;
    return new NotingGatewayLookup({
      service: (key) => cluster.service(key),
      secret: (key) => cluster.secret(key),
      configMap: (key) => cluster.configMap(key),
      namespace: (name) => cluster.namespace(name),
      grants: (namespace) => this.#objects.list<ReferenceGrant>("ReferenceGrant", namespace),
      tlsPolicies: (service) => this.#objects.byIndex<BackendTlsPolicy>("BackendTLSPolicy", service),
    });
  }
}

function gatewaysOf(route: Route): string[] {
  return [...new Set((route.spec.parentRefs ?? []).flatMap((one) => gatewayKey(route, one) ?? []))];
}

function servicesOf({ metadata, spec }: BackendTlsPolicy): string[] {
  return spec.targetRefs
    .filter(({ group, kind }) => group === "" && kind === "Service")
    .map(({ name }) => `${metadata.namespace}/${name}`);
}

/** Kinds of definitions raise the generation with everything but metadata and status. */
function isStatusOnly(object: ApiObject, previous: ApiObject): boolean {
  return (
    object.metadata.uid === previous.metadata.uid &&
    object.metadata.generation === previous.metadata.generation
  );
}
