import { type BridgeRecord, type ClusterNetwork, translationMark } from "./network-record.ts";

/** Name of the bridge network that pods are attached to. */
export const POD_NETWORK_NAME = "gantry-pods";

export interface PodNetworkRequest {
  /** `10.244.0.0/24`; chosen free if absent. */
  podCidr?: string;
  /** `10.96.0.0/16`; chosen free if absent. Its route over the pods' bridge marks the range as taken and lets the host reach Services. */
  serviceCidr?: string;
  /** Absent: there are no other nodes. */
  cluster?: Omit<ClusterNetwork, "peers">;
}

export interface PodNetwork {
  /** What `NetworkService.attach` calls it. */
  networkName: string;
  podCidr: string;
  serviceCidr: string;
  /** The host's address in it: where the cluster's name server listens. */
  gateway: string;
  bridgeName: string;
  /** Who translates a connection to a pod marks it (`ct mark`): others' are not let in from other networks. */
  translationMark: number;
}

export function podNetworkOf(record: BridgeRecord, instanceId: string): PodNetwork {
  return {
    networkName: record.name,
    podCidr: record.subnet,
    serviceCidr: record.routes![0]!,
    gateway: record.gateway,
    bridgeName: record.bridgeName,
    translationMark: translationMark(instanceId),
  };
}
