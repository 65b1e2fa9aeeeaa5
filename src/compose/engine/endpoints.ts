import { invalidArgument } from "../../base/index.ts";
import { networksByPriority, type Project, type Service } from "../model/index.ts";
import type { BodyOptions } from "./container-body.ts";

const INTERFACE_NAME = "com.docker.network.endpoint.ifname";

type Endpoint = Record<string, unknown>;

export interface Endpoints {
  networkMode: string;
  /** By the network's name; none where the network is somebody else's. */
  endpoints: Record<string, Endpoint> | undefined;
}

/** How a service's container stands in its networks. */
export function endpointsOf(
  project: Project,
  service: Service,
  options: BodyOptions,
  firstMac: string | undefined,
): Endpoints {
  if (service.network_mode) return { networkMode: service.network_mode, endpoints: undefined };
  if (Object.keys(project.networks).length === 0) return { networkMode: "none", endpoints: undefined };
  const keys = networksByPriority(service);
  if (keys.length === 0) keys.push("default");
  const hasInterfaceName = Object.values(service.networks ?? {}).some((network) => network?.interface_name);
  if (hasInterfaceName && older(options.apiVersion, "1.49")) {
    throw invalidArgument("interface_name requires Docker Engine v28.1 or later");
  }
  // An older engine takes one network here; the others are connected afterwards.
  const given = older(options.apiVersion, "1.44") ? keys.slice(0, 1) : keys;
  const endpoints = given.map((key, index) => {
    const endpoint = endpointOf(service, key, options);
    if (index === 0 && firstMac) endpoint.MacAddress ??= firstMac;
    return [nameOf(project, key), endpoint] as const;
  });
  return { networkMode: nameOf(project, keys[0]!), endpoints: Object.fromEntries(endpoints) };
}

/** Networks that have to be connected one by one, for engines before 1.44. */
export function laterEndpoints(
  project: Project,
  service: Service,
  options: BodyOptions,
): [string, Endpoint][] {
  if (service.network_mode || !older(options.apiVersion, "1.44")) return [];
  return networksByPriority(service)
    .slice(1)
    .map((key) => [nameOf(project, key), endpointOf(service, key, options)]);
}

const nameOf = (project: Project, key: string) => project.networks[key]?.name ?? key;

function older(version: string, than: string): boolean {
  const minor = (text: string) => Number(text.split(".")[1]);
  return minor(version) < minor(than);
}

function endpointOf(service: Service, key: string, options: BodyOptions): Endpoint {
  const network = service.networks?.[key];
  const driverOpts = { ...network?.driver_opts };
  if (network?.interface_name) {
    if ((driverOpts[INTERFACE_NAME] ?? network.interface_name) !== network.interface_name) {
      options.warn(
        `ignoring services.${service.name}.networks.${key}.interface_name as ${INTERFACE_NAME} driver_opts is already declared`,
      );
    }
    driverOpts[INTERFACE_NAME] = network.interface_name;
  }
  return {
    Aliases: [
      options.containerName,
      ...(options.useAliases ? [service.name, ...(network?.aliases ?? [])] : []),
    ],
    Links: options.links.length > 0 ? options.links : undefined,
    IPAMConfig: network && {
      IPv4Address: network.ipv4_address,
      IPv6Address: network.ipv6_address,
      LinkLocalIPs: network.link_local_ips,
    },
    MacAddress: network?.mac_address,
    DriverOpts: Object.keys(driverOpts).length > 0 ? driverOpts : undefined,
    GwPriority: network?.gw_priority,
  };
}
