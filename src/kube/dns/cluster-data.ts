import { isIPv4 } from "node:net";
import {
  type EndpointSlice,
  endpointSlices,
  type Namespace,
  namespaces,
  type Service,
  services,
} from "../api/index.ts";
import type { Informer, InformerFactory } from "../client/types.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const BY_SERVICE = "dns/service";
const BY_CLUSTER_IP = "dns/cluster-ip";
const BY_ADDRESS = "dns/address";

/** One ready address behind a headless Service. */
export interface HeadlessEndpoint {
  ip: string;
  /** The endpoint's own name below the Service's: what its pod says, or its address with dashes. */
  hostname: string;
  ports: { name: string; protocol: string; port: number }[];
}

/** What the name service knows of the cluster, by the questions it has to answer; always from memory. */
export class ClusterData {
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #namespaces: Informer<Namespace>;

  constructor(informers: InformerFactory) {
    this.#services = informers.informer<Service>(services);
    this.#slices = informers.informer<EndpointSlice>(endpointSlices);
    this.#namespaces = informers.informer<Namespace>(namespaces);
    this.#services.addIndex(BY_CLUSTER_IP, (service) => clusterIpsOf(service));
    this.#slices.addIndex(BY_SERVICE, (slice) => {
      const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
      return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
    });
    this.#slices.addIndex(BY_ADDRESS, (slice) =>
      (slice.endpoints ?? []).flatMap(({ addresses }) => addresses),
    );
  }

  get isComplete(): boolean {
    return this.#services.hasSynced && this.#slices.hasSynced && this.#namespaces.hasSynced;
  }

  async complete(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#services.synced(signal),
      this.#slices.synced(signal),
      this.#namespaces.synced(signal),
    ]);
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.get(name) !== undefined;
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  serviceByIp(ip: string): Service | undefined {
    return this.#services.byIndex(BY_CLUSTER_IP, ip)[0];
  }

  /** The ready endpoints of a Service, each address once, with the ports of all slices that hold it. */
  endpoints(service: Service): HeadlessEndpoint[] {
    const found = new Map<string, HeadlessEndpoint>();
    for (const slice of this.#slices.byIndex(
      BY_SERVICE,
      `${service.metadata.namespace}/${service.metadata.name}`,
    )) {
      for (const endpoint of readyEndpoints(slice)) {
        const known = found.get(endpoint.ip);
        if (known) known.ports.push(...endpoint.ports);
        else found.set(endpoint.ip, endpoint);
      }
    }
    return [...found.values()];
  }

  /** Headless Services' endpoints with this address, by the Service they belong to. */
  endpointsByIp(ip: string): { service: Service; endpoint: HeadlessEndpoint }[] {
    return this.#slices.byIndex(BY_ADDRESS, ip).flatMap((slice) => {
      const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
      const service = name === undefined ? undefined : this.service(slice.metadata.namespace ?? "", name);
      const endpoint = readyEndpoints(slice).find((candidate) => candidate.ip === ip);
      return service && isHeadless(service) && endpoint ? [{ service, endpoint }] : [];
    });
  }
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === "None";
}

/** IPv4 addresses of the Service itself. */
export function clusterIpsOf(service: Service): string[] {
  const { clusterIPs, clusterIP } = service.spec ?? {};
  return (clusterIPs?.length ? clusterIPs : [clusterIP ?? ""]).filter((ip) => isIPv4(ip));
}

function readyEndpoints(slice: EndpointSlice): HeadlessEndpoint[] {
  if (slice.addressType !== "IPv4") return [];
  const ports = (slice.ports ?? [])
    .filter(({ port }) => port !== undefined)
    .map(({ name, protocol, port }) => ({
      name: name ?? "",
      protocol: (protocol ?? "TCP").toLowerCase(),
      port: port!,
    }));
  return (slice.endpoints ?? [])
    .filter(({ addresses, conditions }) => addresses.length > 0 && (conditions?.ready ?? true))
    .map(({ addresses, hostname }) => ({
      ip: addresses[0]!,
      hostname: hostname || addresses[0]!.replaceAll(".", "-"),
      ports: [...ports],
    }));
}
