import { isDeepStrictEqual } from "node:util";
import { conflict, errorMessage, type Logger } from "../base/index.ts";
import { deleteLink } from "../kernel/index.ts";
import type { BridgeCreation } from "./bridge-creation.ts";
import { outwardMtu } from "./bridge-link.ts";
import type { EndpointRegistry } from "./endpoint-registry.ts";
import type { Firewall } from "./firewall.ts";
import { type BridgeRecord, linkGroup, type PodPeer } from "./network-record.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { POD_NETWORK_NAME, type PodNetwork, type PodNetworkRequest, podNetworkOf } from "./pod-network.ts";
import { ensureOverlay, overlayName, podMtu, routeTo, unroute } from "./pod-routes.ts";

export interface PodNetworksOptions {
  instanceId: string;
  networks: NetworkRegistry;
  endpoints: EndpointRegistry;
  creation: BridgeCreation;
  firewall: Firewall;
  discard(record: BridgeRecord): Promise<void>;
  logger: Logger;
}

/** The pods' network of the instance, and the ways to those of other nodes. */
export class PodNetworks {
  readonly #options: PodNetworksOptions;

  constructor(options: PodNetworksOptions) {
    this.#options = options;
  }

  /** As it was left. */
  get present(): PodNetwork | undefined {
    const record = this.#record();
    return record && podNetworkOf(record, this.#options.instanceId);
  }

  /** See `BridgeNetworks.openPodNetwork`. */
  async open(request: PodNetworkRequest): Promise<PodNetwork> {
    const { instanceId, endpoints, creation, firewall, discard } = this.#options;
    const present = this.#record();
    if (present && suits(present, request))
      return podNetworkOf(this.#inCluster(present, request), instanceId);
    if (present && endpoints.inNetwork(present.id).length > 0) {
      throw conflict(`the pod network is ${present.subnet} and in use: it cannot be changed`, {
        code: "Network.InUse",
      });
    }
    if (present) {
      this.#leave(present);
      await discard(present);
    }
    const record = this.#inCluster(creation.pods(request), request);
    firewall.replaceAll();
    return podNetworkOf(record, instanceId);
  }

  /** Makes the ways to the pods of other nodes those to these. One that cannot be made is told, and does not keep the others from it. */
  route(peers: readonly PodPeer[]): void {
    const { instanceId, networks, firewall, logger } = this.#options;
    const record = this.#record();
    if (!record?.cluster) return;
    const overlay = overlayName(instanceId);
    const wanted = new Map(peers.map((peer) => [peer.podCidr, peer]));
    for (const peer of record.cluster.peers)
      if (!isDeepStrictEqual(wanted.get(peer.podCidr), peer)) unroute(overlay, record, peer);
    const next = { ...record, cluster: { ...record.cluster, peers: [...wanted.values()] } };
    if (!isDeepStrictEqual(next, record)) {
      networks.save(next);
      firewall.replaceAll();
    }
    // The rules stand before anything can come.
    ensureOverlay(overlay, next, linkGroup(instanceId));
    for (const peer of wanted.values()) {
      try {
        routeTo(overlay, next, peer);
      } catch (error) {
        logger.warn("pods of a node cannot be reached", { ...peer, error: errorMessage(error) });
      }
    }
  }

  #record(): BridgeRecord | undefined {
    return this.#options.networks.bridges().find(({ name }) => name === POD_NETWORK_NAME);
  }

  /** Ways to others stay as they were until `route` says otherwise. */
  #inCluster(record: BridgeRecord, { cluster: wanted }: PodNetworkRequest): BridgeRecord {
    if (!wanted) return record;
    const { instanceId, networks, firewall } = this.#options;
    const known = record.cluster;
    const isSame = known?.backend === wanted.backend && known.vni === wanted.vni;
    if (known && !isSame) this.#leave(record);
    // The device's own address cannot be changed.
    if (known && known.nodeAddress !== wanted.nodeAddress) deleteLink(overlayName(instanceId));
    const cluster = { ...wanted, peers: isSame ? known.peers : [] };
    const next = { ...record, mtu: podMtu(wanted.backend, outwardMtu()), cluster };
    if (!isDeepStrictEqual(next, record)) networks.save(next);
    firewall.replaceAll();
    this.route(cluster.peers);
    return next;
  }

  #leave(record: BridgeRecord): void {
    for (const peer of record.cluster?.peers ?? [])
      unroute(overlayName(this.#options.instanceId), record, peer);
  }
}

function suits(record: BridgeRecord, request: PodNetworkRequest): boolean {
  const { podCidr = record.subnet, serviceCidr = record.routes?.[0] } = request;
  return record.subnet === podCidr && record.routes?.[0] === serviceCidr;
}
