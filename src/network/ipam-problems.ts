import {
  formatIpPrefix,
  type IpPrefix,
  maskPrefix,
  parseIpNumber,
  parseIpPrefix,
  prefixContains,
  prefixesOverlap,
} from "../formats/index.ts";
import type { CreateNetworkRequest } from "./types.ts";

type IpamConfig = Pick<CreateNetworkRequest, "subnet" | "gateway" | "ipRange" | "auxAddresses">;

/** All that Docker finds wrong with a subnet and what belongs in it, of either family (moby api/types/network/ipam.go). */
export function ipamProblems(config: IpamConfig): string[] {
  const text = config.subnet ?? "";
  const subnet = parseIpPrefix(text);
  if (subnet === undefined) return [`invalid subnet ${text}: invalid CIDR block notation`];
  const problems = hostBits(`subnet ${formatIpPrefix(subnet)}`, subnet);
  if (config.ipRange) problems.push(...rangeProblems(config.ipRange, subnet));
  if (config.gateway) problems.push(...addressProblems(`gateway ${config.gateway}`, config.gateway, subnet));
  for (const [name, address] of Object.entries(config.auxAddresses ?? {})) {
    problems.push(...addressProblems(`auxiliary address ${name}`, address, subnet));
  }
  return problems;
}

/** One problem as it is, several as a list (Docker joins them so). */
export function joinProblems(problems: readonly string[]): string {
  return problems.length === 1 ? problems[0]! : problems.map((problem) => `* ${problem}`).join("\n");
}

function rangeProblems(text: string, subnet: IpPrefix): string[] {
  const range = parseIpPrefix(text);
  const what = `invalid ip-range ${text}`;
  if (range === undefined) return [`${what}: invalid CIDR block notation`];
  if (range.family !== subnet.family) return [`${what}: parent subnet is an IPv${subnet.family} block`];
  const parent = formatIpPrefix(subnet);
  return [
    ...(range.bits < subnet.bits ? [`${what}: CIDR block is bigger than its parent subnet ${parent}`] : []),
    ...hostBits(`ip-range ${formatIpPrefix(range)}`, range),
    ...(prefixesOverlap(subnet, range) ? [] : [`${what}: parent subnet ${parent} doesn't contain ip-range`]),
  ];
}

function addressProblems(what: string, text: string, subnet: IpPrefix): string[] {
  const address = parseIpNumber(text);
  if (address === undefined) return [`invalid ${what}: invalid address`];
  if (address.family !== subnet.family) {
    return [`invalid ${what}: parent subnet is an IPv${subnet.family} block`];
  }
  if (prefixContains(subnet, address)) return [];
  return [`invalid ${what}: parent subnet ${formatIpPrefix(subnet)} doesn't contain this address`];
}

function hostBits(what: string, prefix: IpPrefix): string[] {
  const masked = maskPrefix(prefix);
  return masked.value === prefix.value ? [] : [`invalid ${what}: it should be ${formatIpPrefix(masked)}`];
}
