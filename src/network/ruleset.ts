import { type BridgeRecord, hostInterfacePrefix, linkGroup, translationMark } from "./network-record.ts";
import { overlayName, VXLAN_PORT } from "./pod-routes.ts";
import type { PortMapping } from "./types.ts";

/** A published port: packets to the mapping's host side go to this container address. */
export interface PublishedPort extends PortMapping {
  containerIp: string;
  /** On a network whose neighbours are routed, a container that calls itself needs its own address hidden. */
  routed: boolean;
}

/** A name server that could not have port 53 of its bridge's address. */
export interface NameServerPort {
  bridgeName: string;
  gateway: string;
  port: number;
}

const isForAnyAddress = (port: PortMapping) => port.hostIp === "" || port.hostIp === "0.0.0.0";

/** The map and the element under which a published port stands in the table. */
function portElement(port: PublishedPort): { map: string; key: string; value: string } {
  const key = `${port.protocol} . ${port.hostPort}`;
  const value = `${port.containerIp} . ${port.containerPort}`;
  return isForAnyAddress(port)
    ? { map: "published", key, value }
    : { map: "published_at", key: `${port.hostIp} . ${key}`, value };
}

/** Elements of the sets that say where published ports lead to. Several ports may share one. */
function targetElements(ports: readonly PublishedPort[]): Set<string> {
  const found = new Set<string>();
  for (const { protocol, hostIp, containerIp, containerPort, routed } of ports) {
    // The host's own connections to its loopback are not forwarded, and nobody else's are meant.
    if (!hostIp.startsWith("127."))
      found.add(`published_targets { ${containerIp} . ${protocol} . ${containerPort} }`);
    if (routed) found.add(`own_address { ${containerIp} . ${containerIp} }`);
  }
  return found;
}

/** Commands that add published ports, and nothing else. */
export function addPortCommands(table: string, ports: readonly PublishedPort[]): string {
  const elements = ports.map(portElement).map(({ map, key, value }) => `${map} { ${key} : ${value} }`);
  return [...targetElements(ports), ...elements]
    .map((element) => `add element ip ${table} ${element}`)
    .join("\n");
}

/** Commands that remove published ports, and the targets that none of those that stay leads to. */
export function removePortCommands(
  table: string,
  ports: readonly PublishedPort[],
  staying: readonly PublishedPort[],
): string {
  const elements = ports.map(portElement).map(({ map, key }) => `${map} { ${key} }`);
  const kept = targetElements(staying);
  const targets = [...targetElements(ports)].filter((element) => !kept.has(element));
  return [...elements, ...targets].map((element) => `delete element ip ${table} ${element}`).join("\n");
}

function elements(items: readonly string[]): string {
  return items.length > 0 ? `elements = { ${items.join(", ")} }` : "";
}

/** What the table is made from. */
export interface FirewallState {
  bridges: readonly BridgeRecord[];
  ports: readonly PublishedPort[];
  nameServerPorts: readonly NameServerPort[];
}

export interface TableRequest extends FirewallState {
  table: string;
  instanceId: string;
}

/**
 * The instance's whole table, which replaces the former one in one transaction. Connections that exist go on: their
 * translation is kept by connection tracking, not by the rules.
 */
export function renderTable(request: TableRequest): string {
  const { table, bridges, ports } = request;
  const quoted = (name: string) => `"${name}"`;
  const portsIn = (map: string) =>
    ports
      .map(portElement)
      .filter((element) => element.map === map)
      .map(({ key, value }) => `${key} : ${value}`);
  const targetsIn = (set: string) =>
    [...targetElements(ports)]
      .filter((element) => element.startsWith(`${set} `))
      .map((element) => element.slice(set.length + 3, -2));
  return `
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map published {
    type inet_proto . inet_service : ipv4_addr . inet_service
    ${elements(portsIn("published"))}
  }
  map published_at {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
    ${elements(portsIn("published_at"))}
  }
  set own_address {
    type ipv4_addr . ipv4_addr
    ${elements(targetsIn("own_address"))}
  }
  set published_targets {
    type ipv4_addr . inet_proto . inet_service
    ${elements(targetsIn("published_targets"))}
  }
  set internal_bridges {
    type ifname
    ${elements(bridges.filter(({ internal }) => internal).map(({ bridgeName }) => quoted(bridgeName)))}
  }
  set same_bridge {
    type ifname . ifname
    ${elements(bridges.map(({ bridgeName }) => `${quoted(bridgeName)} . ${quoted(bridgeName)}`))}
  }
${chains(request)}
}
`;
}

/**
 * All links of the instance are in one link group.
 * - guard: route_localnet, which lets the host's own 127.0.0.1 connections reach containers, must not let anybody else
 *   reach the host's loopback (CVE-2020-8558). Before connection tracking, so that answers are not taken for attacks.
 * - forward: a packet passes if it belongs to a connection that was let through, stays in its network, was translated to
 *   where a published port leads or by a Service of this instance to one of its pods, or goes from a network to the
 *   outside. One network does not reach another, whoever translates: an Endpoints object may name any address.
 * - overlay: pods of other nodes come through nodes of the cluster, and through nobody else.
 * - redirects: a pod that calls itself shall not be told that there is a shorter way.
 */
function chains(request: TableRequest): string {
  const { instanceId, bridges, nameServerPorts } = request;
  const group = linkGroup(instanceId);
  const pods = `"${hostInterfacePrefix(instanceId, true)}*"`;
  return `
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifgroup ${group} ip daddr 127.0.0.0/8 drop
    iifgroup ${group} ip saddr 127.0.0.0/8 drop
  }
  chain to_published {
    dnat ip to ip daddr . meta l4proto . th dport map @published_at
    dnat ip to meta l4proto . th dport map @published
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${nameServerPorts.map(redirectRule).join("\n    ")}
    fib daddr type local jump to_published
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump to_published
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifgroup != ${group} oifgroup != ${group} accept
    ct state established,related accept
    iifname . oifname @same_bridge accept
    ct state invalid drop
    ${clusterRules(request, pods).join("\n    ")}
    iifname @internal_bridges drop
    oifname @internal_bridges drop
    ct status dnat ip daddr . meta l4proto . th dport @published_targets accept
    oifname ${pods} ct status dnat ct mark ${translationMark(instanceId)} accept
    iifname ${pods} oifname ${pods} accept
    iifgroup ${group} oifgroup != ${group} accept
    drop
  }
  chain overlay {
    type filter hook input priority filter; policy accept;
    ${overlayRules(request).join("\n    ")}
  }
  chain redirects {
    type filter hook output priority filter; policy accept;
    oifgroup ${group} icmp type redirect drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${bridges.flatMap((bridge) => (bridge.routed ? podSourceRules(bridge, pods) : bridgeSourceRules(bridge))).join("\n    ")}
  }`;
}

/**
 * Pods of different nodes see each other's true addresses. What comes by the overlay is for pods, whoever sent it: this machine is no
 * way out for those of others. With plain routes the nodes themselves come with their own addresses.
 */
function clusterRules({ instanceId, bridges }: TableRequest, pods: string): string[] {
  const cluster = bridges.find((bridge) => bridge.cluster)?.cluster;
  if (!cluster) return [];
  const { podCidr, backend, peers } = cluster;
  if (backend === "vxlan") {
    const overlay = `"${overlayName(instanceId)}"`;
    return [
      `iifname ${overlay} oifname ${pods} ip saddr ${podCidr} accept`,
      `iifname ${overlay} drop`,
      `iifname ${pods} oifname ${overlay} accept`,
      // Addresses of pods that no node has lead nowhere, and not out of the machine.
      `iifname ${pods} oifname != ${pods} ip daddr ${podCidr} reject with icmp type host-unreachable`,
      `oifname ${overlay} ct status dnat ct mark ${translationMark(instanceId)} accept`,
    ];
  }
  const sources = new Set([podCidr, ...peers.map(({ nodeAddress }) => nodeAddress)]);
  return [`oifname ${pods} ip saddr { ${[...sources].join(", ")} } accept`];
}

/** Packets of the cluster's VXLAN come from its nodes. The identifier is bits 96 to 119 of the UDP datagram (RFC 7348 §5). */
function overlayRules({ bridges }: TableRequest): string[] {
  const cluster = bridges.find((bridge) => bridge.cluster)?.cluster;
  if (cluster?.backend !== "vxlan" || cluster.peers.length === 0) return [];
  const nodes = new Set(cluster.peers.map(({ nodeAddress }) => nodeAddress));
  const vni = `0x${cluster.vni.toString(16).padStart(6, "0")}`;
  return [`udp dport ${VXLAN_PORT} @th,96,24 ${vni} ip saddr != { ${[...nodes].join(", ")} } drop`];
}

function redirectRule({ bridgeName, gateway, port }: NameServerPort): string {
  const match = `iifname "${bridgeName}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53`;
  return `${match} dnat ip to ${gateway}:${port}`;
}

/** What leaves a network gets the host's address; internal networks have no way out. */
function bridgeSourceRules(bridge: BridgeRecord): string[] {
  const name = `"${bridge.bridgeName}"`;
  const rules = [
    `oifname ${name} ip saddr 127.0.0.0/8 masquerade`,
    // A container that reaches its neighbour by a published port: the answer must come back through the host.
    `oifname ${name} ip saddr ${bridge.subnet} ct status dnat masquerade`,
  ];
  if (!bridge.internal && bridge.options["com.docker.network.bridge.enable_ip_masquerade"] !== "false") {
    rules.push(`ip saddr ${bridge.subnet} oifname != ${name} masquerade`);
  }
  return rules;
}

/** Pods see each other's true addresses; only one that calls itself by way of the host would take that for a forgery. */
function podSourceRules(network: BridgeRecord, pods: string): string[] {
  const elsewhere = network.cluster ? ` ip daddr != ${network.cluster.podCidr}` : "";
  return [
    `oifname ${pods} ip saddr 127.0.0.0/8 snat to ${network.gateway}`,
    `oifname ${pods} ct status dnat ip saddr . ip daddr @own_address snat to ${network.gateway}`,
    `ip saddr ${network.subnet} oifname != ${pods}${elsewhere} masquerade`,
  ];
}
