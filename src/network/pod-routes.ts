import { GantryError, isGantryError } from "../base/index.ts";
import {
  addAddress,
  addRoute,
  createVxlan,
  deleteForwarding,
  deleteLink,
  deleteNeighbour,
  deleteRoute,
  findLink,
  listAddresses,
  setForwarding,
  setLinkMtu,
  setNeighbour,
  type VxlanOptions,
} from "../kernel/index.ts";
import { macOf, refuseForeignSources } from "./bridge-link.ts";
import type { BridgeRecord, ClusterNetwork, PodPeer } from "./network-record.ts";

/** IANA's (RFC 7348 §8). Linux' own default is an older one. */
export const VXLAN_PORT = 4789;
/** Ethernet, IPv4, UDP and VXLAN headers around each packet. */
const VXLAN_OVERHEAD = 50;

/** What a packet of a pod may have at the most, where the way out takes `outward`. */
export function podMtu(backend: ClusterNetwork["backend"], outward: number): number {
  return backend === "vxlan" ? outward - VXLAN_OVERHEAD : outward;
}

/** The device through which pods of other nodes are reached; plain routes need none. */
export function overlayName(instanceId: string): string {
  return `gt${instanceId}-vxlan`;
}

/**
 * Makes the device, or puts in order what is there; without other nodes there is none, and nobody to listen for. It is known by
 * the first address of the node's range, so that others find it by that.
 */
export function ensureOverlay(name: string, record: BridgeRecord, group: number): void {
  const { backend, vni, nodeAddress, peers } = record.cluster!;
  if (backend !== "vxlan" || peers.length === 0) {
    deleteLink(name);
    return;
  }
  const address = networkAddress(record.subnet);
  const mtu = record.mtu ?? podMtu(backend, 1500);
  const mac = macOf(address);
  const existing = findLink(name);
  // What cannot be changed afterwards is in its link address: another range, another device.
  if (existing && (existing.kind !== "vxlan" || existing.mac !== mac)) deleteLink(name);
  if (!findLink(name)) makeOverlay(name, { vni, port: VXLAN_PORT, local: nodeAddress, mac, mtu, group });
  else setLinkMtu(name, mtu);
  const index = findLink(name)!.index;
  const isThere = listAddresses().some((one) => one.linkIndex === index && one.address === address);
  if (!isThere) addAddress(name, `${address}/32`);
  refuseForeignSources(name);
}

function makeOverlay(name: string, options: VxlanOptions): void {
  try {
    createVxlan(name, options);
  } catch (cause) {
    if (!isGantryError(cause, "AlreadyExists")) throw cause;
    throw new GantryError("Conflict", "another VXLAN device of this machine has the cluster's network", {
      code: "Network.OverlayTaken",
      hint: "a machine can be one node of a cluster: stop the other Gantry that is in the same cluster here",
      cause,
    });
  }
}

/** Leads to the pods of one other node. Throws Unavailable where plain routes do not reach it. */
export function routeTo(overlay: string, record: BridgeRecord, { podCidr, nodeAddress }: PodPeer): void {
  const { gateway: source, cluster } = record;
  if (cluster!.backend === "vxlan") {
    const address = networkAddress(podCidr);
    setForwarding(overlay, macOf(address), nodeAddress);
    setNeighbour(overlay, address, macOf(address));
    addRoute({
      destination: podCidr,
      gateway: address,
      device: overlay,
      onLink: true,
      source,
      replace: true,
    });
    return;
  }
  try {
    addRoute({ destination: podCidr, gateway: nodeAddress, replace: true });
  } catch (cause) {
    throw new GantryError("Unavailable", `${nodeAddress} is not on a link of this machine`, {
      code: "Network.NoDirectRoute",
      hint: "host-gw needs all machines on one link; vxlan does not",
      cause,
    });
  }
}

/** What `routeTo` made goes. */
export function unroute(overlay: string, { cluster }: BridgeRecord, { podCidr, nodeAddress }: PodPeer): void {
  if (cluster!.backend !== "vxlan") {
    deleteRoute({ destination: podCidr, gateway: nodeAddress });
    return;
  }
  const address = networkAddress(podCidr);
  if (!findLink(overlay)) return;
  deleteRoute({ destination: podCidr, gateway: address, device: overlay, onLink: true });
  deleteNeighbour(overlay, address, macOf(address));
  deleteForwarding(overlay, macOf(address), nodeAddress);
}

const networkAddress = (cidr: string): string => cidr.slice(0, cidr.indexOf("/"));
