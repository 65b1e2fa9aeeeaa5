import { shortHash } from "../../base/index.ts";
import { type AddressRange, type Family, isWholeFamily, rangeText } from "./address-ranges.ts";
import { type PodSet, podsOfPeer, portsNamed, setName } from "./pod-set.ts";
import type { Direction, PolicyRule, PortMatch } from "./policy-rules.ts";

/** What accepts the traffic that a policy lets through in one direction, and what that refers to. */
export interface PolicyChain {
  name: string;
  /** Chain name → its rules; the policy's own is the last. */
  chains: Map<string, string[]>;
  podSets: Map<string, PodSet>;
  /** Set name → its type and elements, which never change. */
  rangeSets: Map<string, { type: string; elements: string[] }>;
}

/**
 * Rules speak of the connection that a packet belongs to, as the target has it: who opened it (`ct original saddr`) and
 * where it ended up (`ct reply saddr`, `ct reply proto-src`), after Services' translation. So one rule judges the packets
 * of both directions, first ones and later ones: answers pass as long as the connection may be, and no longer.
 */
const PEER: Record<Direction, Record<Family, string>> = {
  ingress: { 4: "ct original ip saddr", 6: "ct original ip6 saddr" },
  egress: { 4: "ct reply ip saddr", 6: "ct reply ip6 saddr" },
};
const TARGET: Record<Family, string> = { 4: "ct reply ip saddr", 6: "ct reply ip6 saddr" };
const TARGET_PORT = "ct reply proto-src";
export const ADDRESS_TYPE: Record<Family, string> = { 4: "ipv4_addr", 6: "ipv6_addr" };

/**
 * Chains and sets are named after what they hold and never change: a packet that is on its way through one while a policy
 * is replaced meets the rules as they were.
 */
export function policyChain(
  direction: Direction,
  rules: readonly PolicyRule[],
  families: readonly Family[],
): PolicyChain {
  const chain: PolicyChain = { name: "", chains: new Map(), podSets: new Map(), rangeSets: new Map() };
  const lines = rules.flatMap((rule) => ruleLines(chain, direction, rule, families));
  chain.name = addChain(chain, `${direction}_`, [...new Set(lines)]);
  return chain;
}

export function addChain({ chains }: Pick<PolicyChain, "chains">, prefix: string, lines: string[]): string {
  const name = `${prefix}${shortHash(lines.join("\n"), 16)}`;
  chains.set(name, lines);
  return name;
}

function ruleLines(
  chain: PolicyChain,
  direction: Direction,
  { peers, ports }: PolicyRule,
  families: readonly Family[],
): string[] {
  const fromPeers = peers && peerMatches(chain, direction, peers, families);
  const onPorts = ports?.flatMap((port) => portMatches(chain, port, families));
  if (!fromPeers) return onPorts ? onPorts.map((match) => `${match} accept`) : ["accept"];
  if (!onPorts) return fromPeers.map((match) => `${match} accept`);
  if (onPorts.length === 0 || fromPeers.length === 0) return [];
  if (onPorts.length === 1) return fromPeers.map((match) => `${match} ${onPorts[0]} accept`);
  // Peers and ports add up, and do not multiply.
  const lines = onPorts.map((match) => `${match} accept`);
  const portsChain = addChain(chain, "ports_", lines);
  return fromPeers.map((match) => `${match} jump ${portsChain}`);
}

function peerMatches(
  chain: PolicyChain,
  direction: Direction,
  { selectors, ranges }: NonNullable<PolicyRule["peers"]>,
  families: readonly Family[],
): string[] {
  const matches = selectors.flatMap((selector) => {
    const set = podsOfPeer(selector);
    chain.podSets.set(set.name, set);
    return families.map((family) => `${PEER[direction][family]} @${setName(set, family)}`);
  });
  for (const family of families) {
    const own = ranges.filter((range) => range.family === family);
    if (own.length > 0) matches.push(rangesMatch(chain, direction, family, own));
  }
  return matches;
}

function rangesMatch(
  { rangeSets }: PolicyChain,
  direction: Direction,
  family: Family,
  ranges: readonly AddressRange[],
): string {
  if (isWholeFamily(ranges[0]!)) return `meta nfproto ipv${family}`;
  const elements = ranges.map(rangeText);
  const name = `ranges_${shortHash(elements.join(","), 16)}_${family}`;
  rangeSets.set(name, { type: `type ${ADDRESS_TYPE[family]}; flags interval;`, elements });
  return `${PEER[direction][family]} @${name}`;
}

function portMatches(chain: PolicyChain, port: PortMatch, families: readonly Family[]): string[] {
  const protocol = `meta l4proto ${port.protocol}`;
  switch (port.kind) {
    case "any":
      return [protocol];
    case "numbers":
      return [
        `${protocol} ${TARGET_PORT} ${port.first === port.last ? port.first : `${port.first}-${port.last}`}`,
      ];
    case "name": {
      const set = portsNamed(port.protocol, port.name);
      chain.podSets.set(set.name, set);
      return families.map(
        (family) => `${protocol} ${TARGET[family]} . ${TARGET_PORT} @${setName(set, family)}`,
      );
    }
  }
}
