import { rfc3339Nanos } from "../../base/index.ts";
import type { Endpoint, NetworkConfig } from "../../network/types.ts";

/** A network as `docker network inspect` shows it; lists leave the containers out. */
export function networkJson(network: NetworkConfig, endpoints: readonly Endpoint[]): Record<string, unknown> {
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339Nanos(network.createdAtMs),
    Scope: "local",
    // Docker calls the driver of the network without any network `null`.
    Driver: network.driver === "none" ? "null" : network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: ipamConfig(network) },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      endpoints.map((endpoint) => [endpoint.containerId, endpointJson(endpoint)]),
    ),
    Options: network.options,
    Labels: network.labels,
  };
}

/** Of a subnet that was asked for only what was asked for with it, as in Docker. */
function ipamConfig(network: NetworkConfig): Record<string, unknown>[] | null {
  if (!network.subnet) return null;
  const isAsked = network.subnetIsChosen || network.isDefaultBridge || !network.gatewayIsChosen;
  return [
    {
      Subnet: network.subnet,
      ...(network.ipRange ? { IPRange: network.ipRange } : {}),
      ...(network.gateway && isAsked ? { Gateway: network.gateway } : {}),
      ...(network.auxAddresses ? { AuxiliaryAddresses: network.auxAddresses } : {}),
    },
  ];
}

function endpointJson(endpoint: Endpoint): Record<string, string> {
  return {
    Name: endpoint.containerName,
    EndpointID: endpoint.id,
    MacAddress: endpoint.mac,
    IPv4Address: `${endpoint.ip}/${endpoint.prefixLength}`,
    IPv6Address: "",
  };
}
