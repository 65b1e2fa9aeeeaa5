/** IPv4 now; the shapes leave room for a second family. Addresses are dotted text. */
export interface NetworkConfig {
  /** 64 hex digits. */
  id: string;
  name: string;
  driver: "bridge" | "host" | "none";
  /** `172.17.0.0/16`. */
  subnet?: string;
  /** The subnet was chosen here, not by whoever made the network: no address in it may be asked for. */
  subnetIsChosen?: boolean;
  gateway?: string;
  /** The gateway was chosen here. */
  gatewayIsChosen?: boolean;
  ipRange?: string;
  /** Addresses that no container gets, by the names that their owners have for them. */
  auxAddresses?: Record<string, string>;
  /** Linux bridge name, at most 15 characters. */
  bridgeName?: string;
  internal: boolean;
  attachable: boolean;
  labels: Record<string, string>;
  options: Record<string, string>;
  createdAtMs: number;
  /** Host part of `com.docker.network.*`: the default bridge has no name service for containers, as in Docker. */
  isDefaultBridge: boolean;
}

export interface CreateNetworkRequest {
  name: string;
  driver?: string;
  subnet?: string;
  gateway?: string;
  ipRange?: string;
  auxAddresses?: Record<string, string>;
  internal?: boolean;
  attachable?: boolean;
  labels?: Record<string, string>;
  options?: Record<string, string>;
  checkDuplicate?: boolean;
}

export interface AttachRequest {
  /** Id or name of a bridge network. */
  network: string;
  containerId: string;
  containerName: string;
  /** Path of the network namespace to plug into. */
  netnsPath: string;
  /** `eth0` if absent. */
  interfaceName?: string;
  ip?: string;
  mac?: string;
  aliases?: string[];
  /** Names by which this container alone finds others of the network: `alias` -> their name or id. */
  links?: Record<string, string>;
  /** Whether this attachment brings the default route; if absent, the first one of a container that can does. */
  defaultRoute?: boolean;
  /** `docker run --dns`: servers that the networks' name server asks for this container, instead of the host's. */
  dnsServers?: string[];
}

export interface Endpoint {
  id: string;
  networkId: string;
  networkName: string;
  containerId: string;
  containerName: string;
  ip: string;
  prefixLength: number;
  gateway: string;
  mac: string;
  interfaceName: string;
  hostInterface: string;
  aliases: string[];
  links?: Record<string, string>;
  dnsServers?: string[];
}

export interface PortMapping {
  protocol: "tcp" | "udp" | "sctp";
  /** Empty or `0.0.0.0`: all addresses. */
  hostIp: string;
  /** 0: pick a free one. */
  hostPort: number;
  containerPort: number;
}

export interface NetworkEvent {
  action: "create" | "destroy" | "connect" | "disconnect";
  networkId: string;
  networkName: string;
  containerId?: string;
}

/** Bridges, addresses, published ports and the containers' name service of one instance. Survives restarts. */
export interface NetworkService {
  list(): NetworkConfig[];
  /** By id, id prefix or name; the pods' network too. */
  find(reference: string): NetworkConfig | undefined;
  /** As `find`, for users: throws NotFound `network … not found`, also for the pods' network, which is not theirs. */
  get(reference: string): NetworkConfig;
  create(request: CreateNetworkRequest): Promise<NetworkConfig>;
  /** Conflict while containers are attached. */
  remove(reference: string): Promise<void>;
  attach(request: AttachRequest): Promise<Endpoint>;
  /** Succeeds when there is nothing (left) to do. */
  detach(network: string, containerId: string): Promise<void>;
  /** A container has another name from now on. */
  rename(containerId: string, containerName: string): void;
  endpoints(network: string): Endpoint[];
  endpointsOf(containerId: string): Endpoint[];
  /** Binds host ports (fails with Conflict `port is already allocated`) and forwards them. Replaces earlier ones of the container. */
  publishPorts(
    containerId: string,
    containerIp: string,
    mappings: readonly PortMapping[],
  ): Promise<PortMapping[]>;
  unpublishPorts(containerId: string): Promise<void>;
  /** The address that containers of this network use as name server, and what stands in their resolv.conf. */
  resolvConf(
    networks: readonly string[],
    options?: { dns?: string[]; search?: string[]; options?: string[] },
  ): string;
  /** Drops endpoints and rules of containers that are gone; called once after a restart with those that live. */
  reconcile(liveContainerIds: ReadonlySet<string>): Promise<void>;
  onEvent(listener: (event: NetworkEvent) => void): () => void;
}
