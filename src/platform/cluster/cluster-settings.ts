import { createHash } from "node:crypto";
import type { NetworkBackend } from "../../cli/index.ts";
import type { PlatformConfig } from "../config.ts";

/** What all machines of a cluster must agree on; decided when its first control plane starts. */
export interface ClusterSettings {
  /** Tells this cluster from others: 32 hex digits. */
  clusterId: string;
  /** Of all pods: `10.244.0.0/16`. */
  podCidr: string;
  serviceCidr: string;
  /** Addresses of Services of type LoadBalancer. */
  loadBalancerCidr: string;
  clusterDomain: string;
  /** By which way pods of different nodes reach each other. */
  networkBackend: NetworkBackend;
  /** After how long a node that says nothing counts as lost, where that is not upstream's time. */
  nodeMonitorGraceMs?: number;
}

/** The settings that an instance has in its configuration. */
export function settingsOf(
  config: PlatformConfig,
  clusterId: string,
  networkBackend: NetworkBackend,
): ClusterSettings {
  const { podCidr, serviceCidr, loadBalancerCidr, clusterDomain } = config;
  return { clusterId, podCidr, serviceCidr, loadBalancerCidr, clusterDomain, networkBackend };
}

const NODE_PREFIX = 24;

/** Length of the prefix of each node's part of the pods' range; a range that is no longer than that is one node's. */
export function nodePrefix({ podCidr }: Pick<ClusterSettings, "podCidr">): number {
  return Math.max(NODE_PREFIX, Number(podCidr.slice(podCidr.indexOf("/") + 1)));
}

/** A cluster's id, made of what only it has. */
export function clusterIdOf(caPem: string): string {
  return createHash("sha256").update(caPem).digest("hex").slice(0, 32);
}

/** How long the leases of nodes hold which are to be found lost so soon; undefined: as long as upstream's. */
export function leaseSeconds({ nodeMonitorGraceMs: graceMs }: ClusterSettings): number | undefined {
  return graceMs !== undefined && graceMs < 40_000 ? Math.max(1, Math.floor(graceMs / 1000)) : undefined;
}

/** Tells the cluster's VXLAN packets from others': 24 bits, and not 0. */
export function vniOf({ clusterId }: ClusterSettings): number {
  return (Number.parseInt(clusterId.slice(0, 6), 16) % 0xffffff) + 1;
}
