import type { Clock } from "../base/index.ts";
import {
  addAddress,
  addRoute,
  createVethPair,
  findLink,
  hasErrno,
  inNetworkNamespace,
  setBridgePort,
  setLinkUp,
  setSysctl,
} from "../kernel/index.ts";
import { refuseForeignSources } from "./bridge-link.ts";
import type { BridgeRecord } from "./network-record.ts";
import type { Endpoint } from "./types.ts";

export interface PlugRequest {
  network: BridgeRecord;
  endpoint: Endpoint;
  netnsPath: string;
  defaultRoute: boolean;
  /** Link group of the host side of a routed endpoint. */
  group: number;
}

/** Connects a network namespace with its network: a veth pair, address and routes. All by netlink, all at once. */
export function plugEndpoint(request: PlugRequest): void {
  const { network, endpoint, netnsPath } = request;
  createVethPair({
    hostName: endpoint.hostInterface,
    peerName: endpoint.interfaceName,
    peerMac: endpoint.mac,
    peerNetnsPath: netnsPath,
    mtu: network.mtu,
    master: network.routed ? undefined : network.bridgeName,
    group: network.routed ? request.group : undefined,
  });
  if (network.routed) routeToEndpoint(endpoint);
  else setUpPort(network, endpoint);
  inNetworkNamespace(netnsPath, () => setUpPeer(request));
}

function routeToEndpoint(endpoint: Endpoint): void {
  addRoute({
    destination: `${endpoint.ip}/32`,
    device: endpoint.hostInterface,
    source: endpoint.gateway,
    replace: true,
  });
  // As for bridges: lets the host's connections to 127.0.0.1:<published port> come here.
  setSysctl(`net/ipv4/conf/${endpoint.hostInterface}/route_localnet`, 1);
  refuseForeignSources(endpoint.hostInterface);
}

function setUpPort(network: BridgeRecord, endpoint: Endpoint): void {
  const isolated = network.options["com.docker.network.bridge.enable_icc"] === "false";
  // Where bridged frames pass through the rules (bridge-nf-call-iptables), a container that calls its own published
  // port is sent back through the port that it came from.
  setBridgePort(endpoint.hostInterface, { hairpin: true, isolated });
}

function setUpPeer({ network, endpoint, defaultRoute }: PlugRequest): void {
  const device = endpoint.interfaceName;
  disableIpv6(device);
  addAddress(device, `${endpoint.ip}/${network.routed ? 32 : endpoint.prefixLength}`);
  setLinkUp(device);
  if (network.routed) addRoute({ destination: `${endpoint.gateway}/32`, device });
  if (defaultRoute) {
    addRoute({ destination: "0.0.0.0/0", gateway: endpoint.gateway, device, replace: true });
  }
}

/** Networks carry IPv4 only: without this the link would announce itself with an address that leads nowhere. */
function disableIpv6(device: string): void {
  try {
    setSysctl(`net/ipv6/conf/${device}/disable_ipv6`, 1);
  } catch (error) {
    // A kernel without IPv6, or /proc/sys read-only: both are fine.
    if (!hasErrno(error, "ENOENT", "EROFS", "EACCES")) throw error;
  }
}

/** First `ethN` that the namespace does not have. */
export function freeInterfaceName(netnsPath: string): string {
  return inNetworkNamespace(netnsPath, () => {
    for (let index = 0; ; index++) if (!findLink(`eth${index}`)) return `eth${index}`;
  });
}

const OPERATIONAL_WITHIN_MS = 1500;

/**
 * Waits, usually a millisecond, until packets pass: what is sent earlier is lost, and a lost first packet of a
 * connection costs its sender a second.
 */
export async function untilOperational(links: readonly string[], clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + OPERATIONAL_WITHIN_MS;
  const isWaiting = () => links.some((name) => findLink(name)?.isOperational === false);
  while (isWaiting() && clock.monotonicMs() < deadlineMs) await clock.sleep(1);
}
