import { GantryError } from "../base/index.ts";
import { listAddresses, listRoutes } from "../kernel/index.ts";
import { overlaps, parseSubnet, type Subnet } from "./subnet.ts";

/** Docker's default address pools: 172.17 to 172.31 as /16, then 192.168 in /20 pieces (moby libnetwork/ipamutils). */
const DOCKER_POOLS = [
  ...Array.from({ length: 15 }, (_, index) => `172.${17 + index}.0.0/16`),
  ...Array.from({ length: 16 }, (_, index) => `192.168.${index * 16}.0/20`),
];

/** First Kubernetes' usual choices, then others that people rarely use. */
const POD_POOLS = [
  "10.244.0.0/24",
  ...Array.from({ length: 255 }, (_, index) => `10.244.${index + 1}.0/24`),
  ...Array.from({ length: 256 }, (_, index) => `10.245.${index}.0/24`),
];
/** For the pods of a whole cluster. */
const CLUSTER_POOLS = Array.from({ length: 128 }, (_, index) => `10.${128 + ((116 + index) % 128)}.0.0/16`);
const SERVICE_POOLS = [
  "10.96.0.0/16",
  ...Array.from({ length: 31 }, (_, index) => `10.${97 + index}.0.0/16`),
];

/** What addresses and routes of this host already speak for; the default route speaks for nothing. */
export function subnetsInUse(exceptLinkIndex?: number): Subnet[] {
  const routes = listRoutes()
    .filter((route) => route.family === "ipv4" && !route.destination.endsWith("/0"))
    .filter((route) => exceptLinkIndex === undefined || route.linkIndex !== exceptLinkIndex)
    .map((route) => parseSubnet(route.destination));
  const addresses = listAddresses()
    .filter((entry) => entry.family === "ipv4" && entry.linkIndex !== exceptLinkIndex)
    .map((entry) => parseSubnet(`${entry.address}/${entry.prefixLength}`));
  return [...routes, ...addresses];
}

function firstFree(pools: readonly string[], taken: readonly Subnet[]): string | undefined {
  return pools.find((pool) => !taken.some((other) => overlaps(parseSubnet(pool), other)));
}

function firstFreeOf(pools: readonly string[], reserved: readonly string[], message: string): string {
  const found = firstFree(pools, [...subnetsInUse(), ...reserved.map(parseSubnet)]);
  if (!found) throw new GantryError("ResourceExhausted", message, { code: "Network.NoFreeSubnet" });
  return found;
}

/** A subnet for a new bridge network that nothing on this host, and none of `reserved`, overlaps. */
export function chooseNetworkSubnet(reserved: readonly string[]): string {
  return firstFreeOf(
    DOCKER_POOLS,
    reserved,
    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  );
}

/** A range for this node's pods: 10.244.0.0/24 where that is free. */
export function choosePodCidr(reserved: readonly string[] = []): string {
  return firstFreeOf(POD_POOLS, reserved, "there is no free range for pod addresses");
}

/** A range for the pods of a cluster, of which each node gets a part: 10.244.0.0/16 where that is free. */
export function choosePodRange(): string {
  return firstFreeOf(CLUSTER_POOLS, [], "there is no free range for pod addresses");
}

/** A range for the addresses of Services: 10.96.0.0/16 where that is free. */
export function chooseServiceCidr(reserved: readonly string[] = []): string {
  return firstFreeOf(SERVICE_POOLS, reserved, "there is no free range for Service addresses");
}

/** Whether something else on the host speaks for a part of `cidr`; the link with that index is left out of account. */
export function isSubnetTaken(cidr: string, exceptLinkIndex?: number): boolean {
  const wanted = parseSubnet(cidr);
  return subnetsInUse(exceptLinkIndex).some((other) => overlaps(wanted, other));
}
