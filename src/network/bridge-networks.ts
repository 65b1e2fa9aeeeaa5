import { randomBytes } from "node:crypto";
import {
  type Clock,
  errorMessage,
  fairTurn,
  GantryError,
  invalidArgument,
  type Logger,
  newHexId,
  notFound,
  systemClock,
} from "../base/index.ts";
import { deleteLink, deleteLinkAsync, listLinks, setSysctl } from "../kernel/index.ts";
import { BridgeCreation } from "./bridge-creation.ts";
import { macOf, removeBridge } from "./bridge-link.ts";
import { freeInterfaceName, plugEndpoint, untilOperational } from "./endpoint-plug.ts";
import { EndpointRegistry } from "./endpoint-registry.ts";
import { Firewall } from "./firewall.ts";
import { NameServers } from "./name-servers.ts";
import {
  type BridgeRecord,
  hostInterfacePrefix,
  isBridge,
  linkGroup,
  type NetworkRecord,
  type PodPeer,
} from "./network-record.ts";
import { NetworkRegistry } from "./network-registry.ts";
import { PREDEFINED_NETWORKS, validateNetworkRequest } from "./network-request.ts";
import type { PodNetwork, PodNetworkRequest } from "./pod-network.ts";
import { PodNetworks } from "./pod-networks.ts";
import { PublishedPorts } from "./published-ports.ts";
import { containerResolvConf, type ResolverOptions } from "./resolv-conf.ts";
import { parseSubnet } from "./subnet.ts";
import type {
  AttachRequest,
  CreateNetworkRequest,
  Endpoint,
  NetworkConfig,
  NetworkEvent,
  NetworkService,
  PortMapping,
} from "./types.ts";

export interface BridgeNetworksOptions {
  /** Where networks, endpoints and published ports are remembered. */
  stateDir: string;
  /** Six hex digits; in the names of links and of the nftables table. */
  instanceId: string;
  logger: Logger;
  clock?: Clock;
}

/** Bridges, addresses, published ports and name service of one instance; see NetworkService. */
export class BridgeNetworks implements NetworkService {
  readonly #instanceId: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #networks: NetworkRegistry;
  readonly #endpoints: EndpointRegistry;
  readonly #creation: BridgeCreation;
  readonly #firewall: Firewall;
  readonly #published: PublishedPorts;
  readonly #nameServers: NameServers;
  readonly #pods: PodNetworks;
  readonly #listeners = new Set<(event: NetworkEvent) => void>();

  constructor(options: BridgeNetworksOptions) {
    const { stateDir, instanceId } = options;
    const logger = options.logger.with({ component: "network" });
    const clock = options.clock ?? systemClock;
    this.#instanceId = instanceId;
    this.#logger = logger;
    this.#clock = clock;
    this.#networks = new NetworkRegistry(stateDir, logger);
    this.#endpoints = new EndpointRegistry(stateDir, logger);
    this.#creation = new BridgeCreation({ instanceId, clock, registry: this.#networks });
    this.#nameServers = new NameServers({
      networks: this.#networks,
      endpoints: this.#endpoints,
      logger,
      clock,
    });
    this.#firewall = new Firewall({
      instanceId,
      logger,
      clock,
      state: () => ({
        bridges: this.#networks.bridges(),
        ports: this.#published.all(),
        nameServerPorts: this.#nameServers.redirects(),
      }),
    });
    this.#published = new PublishedPorts({ stateDir, logger, firewall: this.#firewall });
    this.#pods = new PodNetworks({
      instanceId,
      networks: this.#networks,
      endpoints: this.#endpoints,
      creation: this.#creation,
      firewall: this.#firewall,
      discard: (record) => this.#discardNetwork(record),
      logger,
    });
  }

  /** Puts bridges, rules, held ports and name servers in place as they were left; running containers notice nothing. */
  async open(): Promise<void> {
    this.#networks.load();
    this.#endpoints.load();
    this.#published.load();
    setSysctl("net.ipv4.ip_forward", 1);
    for (const record of this.#networks.bridges()) this.#ensureBridge(record);
    this.#ensurePredefined();
    await Promise.all(this.#networks.bridges().map((record) => this.#nameServers.open(record)));
    this.#firewall.open();
  }

  /** Stops serving names and holding ports; bridges, rules and containers' links stay. */
  async close(): Promise<void> {
    this.#firewall.close();
    this.#published.close();
    await this.#nameServers.closeAll();
  }

  /** As `close`, and leaves no link, route, rule or record behind. */
  async destroy(): Promise<void> {
    await this.close();
    for (const link of listLinks()) if (link.name.startsWith(`gt${this.#instanceId}`)) deleteLink(link.name);
    for (const record of this.#networks.bridges()) removeBridge(record);
    this.#firewall.destroy();
    this.#published.destroy();
    for (const endpoint of this.#endpoints.all()) this.#endpoints.remove(endpoint);
    for (const record of this.#networks.all()) this.#networks.remove(record.id);
  }

  list(): NetworkConfig[] {
    return this.#networks.all().filter((record) => record.owner === undefined);
  }

  find(reference: string): NetworkConfig | undefined {
    return this.#networks.find(reference);
  }

  get(reference: string): NetworkConfig {
    return this.#ownersRecord(reference);
  }

  async create(request: CreateNetworkRequest): Promise<NetworkConfig> {
    validateNetworkRequest(request, this.#networks);
    const record = this.#creation.userDefined(request);
    try {
      await this.#nameServers.open(record);
      this.#firewall.replaceAll();
    } catch (error) {
      await this.#discardNetwork(record);
      throw error;
    }
    this.#emit("create", record);
    return record;
  }

  async remove(reference: string): Promise<void> {
    const record = this.#ownersRecord(reference);
    if (!isBridge(record) || PREDEFINED_NETWORKS.includes(record.name)) {
      throw new GantryError(
        "PermissionDenied",
        `${record.name} is a pre-defined network and cannot be removed`,
        {
          code: "Network.Predefined",
        },
      );
    }
    const active = this.#endpoints
      .inNetwork(record.id)
      .map((endpoint) => `name:"${endpoint.containerName}" id:"${endpoint.id.slice(0, 12)}"`);
    if (active.length > 0) {
      throw new GantryError(
        "PermissionDenied",
        `error while removing network: network ${record.name} has active endpoints (${active.join(", ")})`,
        { code: "Network.InUse" },
      );
    }
    await this.#discardNetwork(record);
    this.#emit("destroy", record);
  }

  async attach(request: AttachRequest): Promise<Endpoint> {
    const network = this.#attachable(request);
    // A record from before a crash or a reboot: the container is being started anew.
    await this.detach(network.id, request.containerId);
    await fairTurn();
    const ip = this.#endpoints.allocate(network, request.ip);
    let endpoint: Endpoint | undefined;
    try {
      endpoint = this.#newEndpoint(network, request, ip);
      this.#endpoints.save(endpoint);
      plugEndpoint({
        network,
        endpoint,
        netnsPath: request.netnsPath,
        group: linkGroup(this.#instanceId),
        defaultRoute: !network.internal && (request.defaultRoute ?? !this.#hasDefaultRoute(endpoint)),
      });
    } catch (error) {
      if (endpoint) {
        this.#endpoints.remove(endpoint);
        deleteLink(endpoint.hostInterface);
      }
      this.#endpoints.releaseAddress(network, ip);
      throw error;
    }
    const links = network.routed ? [endpoint.hostInterface] : [endpoint.hostInterface, network.bridgeName];
    await untilOperational(links, this.#clock);
    this.#emit("connect", network, request.containerId);
    return endpoint;
  }

  async detach(reference: string, containerId: string): Promise<void> {
    const network = this.#networks.find(reference);
    const endpoint = this.#endpoints
      .ofContainer(containerId)
      .find(({ networkId }) => networkId === network?.id);
    if (!network || !endpoint || !isBridge(network)) return;
    this.#endpoints.remove(endpoint);
    this.#emit("disconnect", network, containerId);
    try {
      await deleteLinkAsync(endpoint.hostInterface);
    } finally {
      this.#endpoints.releaseAddress(network, endpoint.ip);
    }
  }

  rename(containerId: string, containerName: string): void {
    for (const endpoint of this.#endpoints.ofContainer(containerId)) {
      this.#endpoints.save({ ...endpoint, containerName });
    }
  }

  endpoints(network: string): Endpoint[] {
    return this.#endpoints.inNetwork(this.#record(network).id);
  }

  endpointsOf(containerId: string): Endpoint[] {
    return [...this.#endpoints.ofContainer(containerId)];
  }

  async publishPorts(
    containerId: string,
    containerIp: string,
    mappings: readonly PortMapping[],
  ): Promise<PortMapping[]> {
    const endpoint = this.#endpoints.ofContainer(containerId).find(({ ip }) => ip === containerIp);
    const routed = endpoint !== undefined && this.#networks.get(endpoint.networkId)?.routed === true;
    return this.#published.publish(containerId, containerIp, mappings, routed);
  }

  async unpublishPorts(containerId: string): Promise<void> {
    this.#published.unpublish(containerId);
  }

  resolvConf(networks: readonly string[], options?: ResolverOptions): string {
    const served = networks
      .map((reference) => this.#record(reference))
      .filter(isBridge)
      .filter(({ id }) => this.#nameServers.has(id));
    return containerResolvConf(
      {
        nameServer: served.find(({ isDefaultBridge }) => !isDefaultBridge)?.gateway,
        fallback: served[0]?.gateway,
      },
      options,
    );
  }

  async reconcile(liveContainerIds: ReadonlySet<string>): Promise<void> {
    for (const containerId of this.#published.containers()) {
      if (!liveContainerIds.has(containerId)) this.#published.unpublish(containerId);
    }
    const gone = this.#endpoints.all().filter(({ containerId }) => !liveContainerIds.has(containerId));
    await Promise.all(gone.map(({ networkId, containerId }) => this.detach(networkId, containerId)));
    const known = new Set(this.#endpoints.all().map(({ hostInterface }) => hostInterface));
    const prefixes = [true, false].map((routed) => hostInterfacePrefix(this.#instanceId, routed));
    const stray = listLinks().filter(
      ({ name }) => prefixes.some((prefix) => name.startsWith(prefix)) && !known.has(name),
    );
    await Promise.all(stray.map(({ name }) => deleteLinkAsync(name)));
  }

  onEvent(listener: (event: NetworkEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The network that pods are attached to (`attach({ network: POD_NETWORK_NAME, … })`); Docker's API does not list it.
   * Ranges that are not given are chosen once and kept. Changing them is refused while pods are attached.
   */
  openPodNetwork(request: PodNetworkRequest = {}): Promise<PodNetwork> {
    return this.#pods.open(request);
  }

  /** The pods' network as it was left; undefined where there is none yet. */
  podNetwork(): PodNetwork | undefined {
    return this.#pods.present;
  }

  /** Leads to the pods of these nodes, and of no others; of a pods' network that is part of a cluster's. */
  routePods(peers: readonly PodPeer[]): void {
    this.#pods.route(peers);
  }

  #record(reference: string): NetworkRecord {
    const record = this.#networks.find(reference);
    if (!record) throw noSuchNetwork(reference);
    return record;
  }

  /** A network of the user's: the pods' own is none to them. */
  #ownersRecord(reference: string): NetworkRecord {
    const record = this.#record(reference);
    if (record.owner !== undefined) throw noSuchNetwork(reference);
    return record;
  }

  #attachable(request: AttachRequest): BridgeRecord {
    const network = this.#record(request.network);
    if (!isBridge(network)) {
      throw invalidArgument(`container cannot be connected to network "${network.name}": it has no bridge`, {
        code: "Network.NotABridge",
      });
    }
    if (request.ip && network.isDefaultBridge) {
      throw invalidArgument("user specified IP address is supported on user defined networks only", {
        code: "Network.AddressNotAllowed",
      });
    }
    return network;
  }

  #ensureBridge(record: BridgeRecord): void {
    try {
      this.#creation.ensure(record);
    } catch (error) {
      this.#logger.error("a network's bridge cannot be made", {
        network: record.name,
        error: errorMessage(error),
      });
    }
  }

  #ensurePredefined(): void {
    if (!this.#networks.byName("bridge")) this.#creation.defaultBridge();
    for (const name of ["host", "none"] as const) {
      if (this.#networks.byName(name)) continue;
      this.#networks.save({
        id: this.#networks.newId(),
        name,
        driver: name,
        internal: false,
        attachable: false,
        labels: {},
        options: {},
        createdAtMs: this.#clock.nowMs(),
        isDefaultBridge: false,
      });
    }
  }

  async #discardNetwork(record: BridgeRecord): Promise<void> {
    await this.#nameServers.close(record.id);
    this.#networks.remove(record.id);
    this.#endpoints.forgetNetwork(record.id);
    this.#firewall.replaceAll();
    await deleteLinkAsync(record.bridgeName);
  }

  #newEndpoint(network: BridgeRecord, request: AttachRequest, ip: string): Endpoint {
    return {
      id: newHexId(),
      networkId: network.id,
      networkName: network.name,
      containerId: request.containerId,
      containerName: request.containerName,
      ip,
      prefixLength: parseSubnet(network.subnet).prefixLength,
      gateway: network.gateway,
      mac: request.mac || macOf(ip),
      interfaceName: request.interfaceName ?? freeInterfaceName(request.netnsPath),
      hostInterface: this.#newHostInterface(network),
      aliases: request.aliases ?? [],
      links: request.links,
      dnsServers: request.dnsServers,
    };
  }

  #newHostInterface(network: BridgeRecord): string {
    const taken = new Set(this.#endpoints.all().map(({ hostInterface }) => hostInterface));
    const prefix = hostInterfacePrefix(this.#instanceId, network.routed ?? false);
    for (;;) {
      const name = `${prefix}${randomBytes(3).toString("hex")}`;
      if (!taken.has(name)) return name;
    }
  }

  #hasDefaultRoute(except: Endpoint): boolean {
    return this.#endpoints
      .ofContainer(except.containerId)
      .some(({ id, networkId }) => id !== except.id && this.#networks.get(networkId)?.internal === false);
  }

  #emit(action: NetworkEvent["action"], network: NetworkRecord, containerId?: string): void {
    if (network.owner !== undefined) return;
    const event = { action, networkId: network.id, networkName: network.name, containerId };
    for (const listener of this.#listeners) listener(event);
  }
}

const noSuchNetwork = (reference: string) =>
  notFound(`network ${reference} not found`, { code: "Network.NotFound" });
