import { GantryError } from "../base/index.ts";
import {
  addAddress,
  addRoute,
  createBridge,
  deleteLink,
  findLink,
  listAddresses,
  listLinks,
  listRoutes,
  setLinkGroup,
  setLinkUp,
  setSysctl,
} from "../kernel/index.ts";
import type { BridgeRecord } from "./network-record.ts";
import { parseSubnet } from "./subnet.ts";

/** Makes the network's Linux bridge with address and routes, or puts in order what is there. */
export function ensureBridge(record: BridgeRecord, group: number): void {
  const existing = findLink(record.bridgeName);
  if (existing && existing.kind !== "bridge") {
    throw new GantryError("Conflict", `the link ${record.bridgeName} exists and is not a bridge`, {
      code: "Network.LinkTaken",
    });
  }
  if (!existing) createBridge(record.bridgeName, { mac: macOf(record.gateway), mtu: record.mtu, group });
  else {
    setLinkGroup(record.bridgeName, group);
    setLinkUp(record.bridgeName);
  }
  const index = existing?.index ?? findLink(record.bridgeName)!.index;
  const hasAddress = listAddresses().some(
    (entry) => entry.linkIndex === index && entry.address === record.gateway,
  );
  if (!hasAddress)
    addAddress(record.bridgeName, `${record.gateway}/${parseSubnet(record.subnet).prefixLength}`);
  for (const destination of record.routes ?? []) {
    addRoute({ destination, device: record.bridgeName, source: record.gateway, replace: true });
  }
  // Lets the host's connections to 127.0.0.1:<published port> go out on the bridge; see the table's guard chain.
  setSysctl(`net/ipv4/conf/${record.bridgeName}/route_localnet`, 1);
  refuseForeignSources(record.bridgeName);
}

/** Strict reverse path filtering (RFC 3704): what comes in by the link must come from where answers to it would go. */
export function refuseForeignSources(device: string): void {
  setSysctl(`net/ipv4/conf/${device}/rp_filter`, 1);
}

export function removeBridge(record: BridgeRecord): void {
  deleteLink(record.bridgeName);
}

/** The MTU of the link that leads out of the machine, where that is below the usual 1500: containers must not send more. */
export function outwardMtu(): number {
  const outward = listRoutes().find((route) => route.destination === "0.0.0.0/0");
  const link = listLinks().find(({ index }) => index === outward?.linkIndex);
  return link && link.mtu >= 576 ? Math.min(link.mtu, 1500) : 1500;
}

/** A locally administered MAC address made from an IPv4 address, as Docker makes them: neighbours' caches stay true. */
export function macOf(ip: string): string {
  return ["02", "42", ...ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}
