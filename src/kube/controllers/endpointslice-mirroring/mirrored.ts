import { isIPv4 } from "node:net";
import type { EndpointAddress, Endpoints } from "../../api/index.ts";
import type { PortGroup, SliceEndpoint } from "../endpointslice/endpoints-of.ts";

/** Upstream's --mirroring-max-endpoints-per-subset. */
const MAX_PER_SUBSET = 1000;

/** The subsets of an Endpoints object as slices say it; subsets with the same ports become one group. */
export function mirroredGroups(endpoints: Endpoints): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map(({ name = "", port, protocol = "TCP", appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    }));
    const key = JSON.stringify(ports);
    const group: PortGroup = groups.get(key) ?? { ports, endpoints: [] };
    const ready = (subset.addresses ?? []).map((address) => endpointOf(address, true));
    const notReady = (subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false));
    const ipv4 = [...ready, ...notReady].filter((one) => isIPv4(one.addresses[0]!));
    group.endpoints.push(...ipv4.slice(0, MAX_PER_SUBSET));
    groups.set(key, group);
  }
  return [...groups.values()].filter((group) => group.endpoints.length > 0);
}

function endpointOf(address: EndpointAddress, ready: boolean): SliceEndpoint {
  const { ip, hostname, nodeName, targetRef } = address;
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}
