import type { NetworkConfig } from "./types.ts";

/** What is stored of a network: Docker's view of it, and what only this module knows. */
export interface NetworkRecord extends NetworkConfig {
  /** `cri`: the pods' network, which Docker's API neither lists nor changes. */
  owner?: "cri";
  /**
   * Endpoints are not plugged into the bridge, which only carries the gateway's address: each has a /32 address and a
   * link of its own to the host, and reaches even its neighbours by the host's routing. That is where Services are
   * translated (and translated back), and it leaves no way for frames to pass by the rules.
   */
  routed?: boolean;
  /** Further ranges that lead to the bridge: the addresses of Services. */
  routes?: string[];
  mtu?: number;
  /** Of the pods' network: the cluster's of which it is a part. */
  cluster?: ClusterNetwork;
}

/** How pods of different nodes reach each other. */
export interface ClusterNetwork {
  /** Of all pods: `10.244.0.0/16`. */
  podCidr: string;
  backend: "vxlan" | "host-gw";
  /** Tells the cluster's VXLAN packets from others. */
  vni: number;
  /** By which other nodes reach this one. */
  nodeAddress: string;
  peers: PodPeer[];
}

/** Another node, and which pods are there. */
export interface PodPeer {
  podCidr: string;
  nodeAddress: string;
}

/** Networks with a Linux bridge of their own. */
export interface BridgeRecord extends NetworkRecord {
  subnet: string;
  gateway: string;
  bridgeName: string;
}

export function isBridge(record: NetworkRecord): record is BridgeRecord {
  return record.driver === "bridge";
}

/** Host sides of veth pairs: `gt<instance>v…` for ports of a bridge, `gt<instance>p…` for routed endpoints. */
export function hostInterfacePrefix(instanceId: string, routed: boolean): string {
  return `gt${instanceId}${routed ? "p" : "v"}`;
}

/** The link group of all links of an instance through which traffic enters the host. Group 0 is everybody else's. */
export function linkGroup(instanceId: string): number {
  return Number.parseInt(instanceId, 16) + 1;
}

/**
 * Mark of the connections (`ct mark`) that this instance's Services translate. It tells them from those that another
 * program or instance translates to the same addresses.
 */
export function translationMark(instanceId: string): number {
  return linkGroup(instanceId);
}
