import { shortHash } from "../../base/index.ts";
import { type ServiceEndpoint, usableEndpoints, usableLocalEndpoints } from "./service-endpoint.ts";
import type { ServicePortInfo } from "./service-port.ts";

/** What one Service needs in the table. */
export interface ServiceRules {
  /** Chain name → its rules. */
  chains: Map<string, string[]>;
  /** Name → body of sets that the kernel fills itself (who talks to which endpoint). */
  affinitySets: Map<string, string>;
  /** `map key` → value; the value of a set's element is empty. */
  elements: Map<string, string>;
  /** UDP: where connection tracking must forget what is no longer true. */
  udpAddresses: { ip: string; port: number; endpoints: string[] }[];
}

export interface RuleContext {
  podCidr: string;
  /** See PodNetwork. */
  translationMark: number;
  /** The node's `topology.kubernetes.io/zone`; empty where it has none. */
  zone: string;
}

/** Packets with this mark leave with the node's address (kube-proxy's masquerade bit). */
export const MASQUERADE_MARK = "0x4000";
const MARK_FOR_MASQUERADE = `meta mark set meta mark or ${MASQUERADE_MARK}`;
const REJECT = "goto reject_new";
/** Endpoints of larger Services are chosen from in groups of so many, so that the first packet of a connection meets few rules. */
const GROUP_SIZE = 32;

/** The rules of a Service's ports. Pure: equal input gives equal rules. */
export function rulesOf(
  ports: readonly { info: ServicePortInfo; endpoints: readonly ServiceEndpoint[] }[],
  context: RuleContext,
): ServiceRules {
  const rules: ServiceRules = {
    chains: new Map(),
    affinitySets: new Map(),
    elements: new Map(),
    udpAddresses: [],
  };
  for (const { info, endpoints } of ports) addPort(rules, info, endpoints, context);
  return rules;
}

function addPort(
  rules: ServiceRules,
  info: ServicePortInfo,
  all: readonly ServiceEndpoint[],
  context: RuleContext,
): void {
  const everywhere = usableEndpoints(all, context.zone);
  const here = usableLocalEndpoints(all);
  const internal = info.internalLocal ? here : everywhere;
  const id = shortHash(info.id, 12);

  for (const ip of info.clusterIps) {
    rules.elements.set(`cluster_ips ${ip}`, "");
    // Traffic policy Local: what has endpoints elsewhere only is dropped, not refused.
    addTarget(rules, info, ip, internal, everywhere, () => internalChain(rules, info, id, internal, context));
  }
  const external = info.externalLocal ? here : everywhere;
  const chain = () => externalChain(rules, info, id, everywhere, external, context);
  for (const ip of info.externalIps) addTarget(rules, info, ip, everywhere, everywhere, chain);
  for (const ip of info.loadBalancerIps) {
    addTarget(rules, info, ip, everywhere, everywhere, () => guardedChain(rules, info, id, chain()));
  }
  if (info.nodePort > 0) {
    const key = `${info.protocol} . ${info.nodePort}`;
    if (everywhere.length === 0) rules.elements.set(`no_endpoint_nodeports ${key}`, REJECT);
    else rules.elements.set(`service_nodeports ${key}`, `goto ${chain()}`);
  }
  for (const { ip, isLocal } of [...everywhere, ...here])
    if (isLocal) rules.elements.set(`hairpin ${ip} . ${ip}`, "");
  if (info.protocol === "udp") addUdpAddresses(rules, info, [...everywhere, ...here]);
}

function addTarget(
  rules: ServiceRules,
  info: ServicePortInfo,
  ip: string,
  usable: readonly ServiceEndpoint[],
  anywhere: readonly ServiceEndpoint[],
  chain: () => string,
): void {
  const key = `${ip} . ${info.protocol} . ${info.port}`;
  if (usable.length > 0) rules.elements.set(`service_ips ${key}`, `goto ${chain()}`);
  else rules.elements.set(`no_endpoint_services ${key}`, anywhere.length > 0 ? "drop" : REJECT);
}

/** For connections from inside the cluster. */
function internalChain(
  rules: ServiceRules,
  info: ServicePortInfo,
  id: string,
  endpoints: readonly ServiceEndpoint[],
  context: RuleContext,
): string {
  const name = `svc_${id}`;
  if (!rules.chains.has(name)) {
    const isRemote = endpoints.some(({ isLocal }) => !isLocal);
    // An endpoint on another node answers to this node only if it was asked by an address that leads back here.
    const masquerade = isRemote ? [`ip saddr != ${context.podCidr} ${MARK_FOR_MASQUERADE}`] : [];
    rules.chains.set(name, [...masquerade, ...spreadRules(rules, info, id, name, endpoints, context)]);
  }
  return name;
}

/** For connections to node ports, external and load balancer addresses. */
function externalChain(
  rules: ServiceRules,
  info: ServicePortInfo,
  id: string,
  everywhere: readonly ServiceEndpoint[],
  external: readonly ServiceEndpoint[],
  context: RuleContext,
): string {
  const name = `ext_${id}`;
  if (rules.chains.has(name)) return name;
  if (!info.externalLocal) {
    const isRemote = everywhere.some(({ isLocal }) => !isLocal);
    rules.chains.set(name, [
      ...(isRemote ? [MARK_FOR_MASQUERADE] : []),
      ...spreadRules(rules, info, id, name, everywhere, context),
    ]);
    return name;
  }
  // Traffic policy Local binds those who come from outside; pods and the node itself reach all endpoints.
  const inside = `ins_${id}`;
  rules.chains.set(inside, spreadRules(rules, info, id, inside, everywhere, context));
  rules.chains.set(name, [
    `ip saddr ${context.podCidr} goto ${inside}`,
    `fib saddr type local goto ${inside}`,
    ...(external.length > 0 ? spreadRules(rules, info, id, name, external, context) : ["drop"]),
  ]);
  return name;
}

function guardedChain(rules: ServiceRules, info: ServicePortInfo, id: string, target: string): string {
  if (info.sourceRanges.length === 0) return target;
  const name = `fw_${id}`;
  rules.chains.set(name, [`ip saddr { ${info.sourceRanges.join(", ")} } goto ${target}`, "drop"]);
  return name;
}

/** The rules of chain `name`: each new connection to one endpoint, at random or to the one that the client had before. */
function spreadRules(
  rules: ServiceRules,
  info: ServicePortInfo,
  id: string,
  name: string,
  endpoints: readonly ServiceEndpoint[],
  context: RuleContext,
): string[] {
  if (info.affinitySeconds === undefined) {
    const targets = endpoints.map((endpoint) => translation(info, endpoint, context));
    return chooseOne(rules, name, targets);
  }
  const chains = endpoints.map((endpoint) => affinityChain(rules, info, id, endpoint, context));
  const returning = chains.map(({ chain, set }) => `ip saddr @${set} goto ${chain}`);
  const targets = chains.map(({ chain }) => `goto ${chain}`);
  return [...returning, ...chooseOne(rules, name, targets)];
}

/**
 * Rules that take one of the statements at random, each as likely as the others; many are chosen from in two steps.
 *
 * They do without a map, short as it would be: when a rule is replaced, the kernel takes the elements of its anonymous map
 * out at the very moment of the change, and a packet that is on its way through the old rule finds none and passes on
 * untranslated (nft_map_deactivate in nf_tables_api.c; one connection lost in some 200 changes under full load). Rules
 * stay in force for the packets that met them.
 */
function chooseOne(rules: ServiceRules, name: string, statements: readonly string[]): string[] {
  const chosen: string[] = [];
  for (let start = 0; start < statements.length; ) {
    const left = statements.length - start;
    const size = statements.length <= GROUP_SIZE ? 1 : Math.min(left, GROUP_SIZE);
    let statement = statements[start]!;
    if (size > 1) {
      const chain = `${name}_${start / GROUP_SIZE}`;
      rules.chains.set(chain, chooseOne(rules, chain, statements.slice(start, start + size)));
      statement = `goto ${chain}`;
    }
    const chance = size === 1 ? "0" : `< ${size}`;
    chosen.push(left === size ? statement : `numgen random mod ${left} ${chance} ${statement}`);
    start += size;
  }
  return chosen;
}

function affinityChain(
  rules: ServiceRules,
  info: ServicePortInfo,
  id: string,
  endpoint: ServiceEndpoint,
  context: RuleContext,
): { chain: string; set: string } {
  const own = shortHash(`${endpoint.ip}:${endpoint.port}`, 8);
  const chain = `ep_${id}_${own}`;
  const set = `aff_${id}_${own}`;
  rules.affinitySets.set(
    set,
    `{ type ipv4_addr; flags dynamic, timeout; timeout ${info.affinitySeconds}s; }`,
  );
  rules.chains.set(chain, [`update @${set} { ip saddr }`, translation(info, endpoint, context)]);
  return { chain, set };
}

function translation(info: ServicePortInfo, { ip, port }: ServiceEndpoint, context: RuleContext): string {
  return `meta l4proto ${info.protocol} ct mark set ${context.translationMark} dnat ip to ${ip}:${port}`;
}

function addUdpAddresses(
  rules: ServiceRules,
  info: ServicePortInfo,
  endpoints: readonly ServiceEndpoint[],
): void {
  const addresses = [...new Set(endpoints.map(({ ip }) => ip))];
  const targets = [...info.clusterIps, ...info.externalIps, ...info.loadBalancerIps].map((ip) => ({
    ip,
    port: info.port,
  }));
  if (info.nodePort > 0) targets.push({ ip: "", port: info.nodePort });
  for (const target of targets) rules.udpAddresses.push({ ...target, endpoints: addresses });
}
