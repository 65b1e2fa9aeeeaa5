import {
  type Cidr,
  type IPAddress,
  isHostOf,
  isSubnet,
  parseCidr,
  parseIp,
  type ServiceCIDR,
} from "../../api/index.ts";

const MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
const ALLOCATOR = "ipallocator.k8s.io";

/** Addresses that others made by hand are nobody's in a range. */
export function isAllocated({ metadata }: IPAddress): boolean {
  return metadata.labels?.[MANAGED_BY] === ALLOCATOR;
}

/** Whether the range holds the address, as one that a Service can have. */
export function holds(range: ServiceCIDR, address: IPAddress): boolean {
  const ip = parseIp(address.metadata.name);
  return ip !== undefined && networksOf(range).some((network) => isHostOf(ip, network));
}

/** Whether no allocated address is left without a range once this one is gone. */
export function isDispensable(
  range: ServiceCIDR,
  ranges: Iterable<ServiceCIDR>,
  addresses: Iterable<IPAddress>,
): boolean {
  const others = [...ranges].filter(({ metadata }) => metadata.name !== range.metadata.name);
  const larger = others.flatMap(networksOf);
  if (networksOf(range).every((network) => larger.some((outer) => isSubnet(network, outer)))) return true;
  for (const address of addresses) {
    if (!isAllocated(address) || !holds(range, address)) continue;
    if (!others.some((other) => holds(other, address))) return false;
  }
  return true;
}

function networksOf({ spec }: ServiceCIDR): Cidr[] {
  return (spec.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []);
}
