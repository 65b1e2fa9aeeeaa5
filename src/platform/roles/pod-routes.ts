import type { ServiceContext } from "../../base/index.ts";
import { type Node, nodes as nodesResource } from "../../kube/api/index.ts";
import type { InformerFactory } from "../../kube/client/index.ts";
import type { PodPeer } from "../../network/index.ts";
import { untilAborted } from "../open-close.ts";

export interface PodRoutesOptions {
  informers: InformerFactory;
  nodeName: string;
  /** Leads to the pods of these nodes and of no others. */
  route(peers: readonly PodPeer[]): void;
}

/** Keeps the ways to the pods of other nodes those that the Nodes tell. What there was before stays until all Nodes are known. */
export async function followPodRoutes(
  { informers, nodeName, route }: PodRoutesOptions,
  { signal, ready }: ServiceContext,
): Promise<void> {
  const nodes = informers.informer<Node>(nodesResource);
  let written = "";
  const write = () => {
    if (!nodes.hasSynced) return;
    const peers = peersOf(nodes.list(), nodeName);
    const next = JSON.stringify(peers);
    if (next === written) return;
    route(peers);
    written = next;
  };
  const stop = nodes.subscribe({ onAdd: write, onUpdate: write, onDelete: write });
  // Pods of this node do not wait for those of others.
  ready();
  try {
    await nodes.synced(signal);
    write();
    await untilAborted(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop();
  }
}

/** The other nodes that say where they and their pods are. Of two that claim the same range neither is a way to it. */
export function peersOf(nodes: Iterable<Node>, nodeName: string): PodPeer[] {
  const all = [...nodes];
  const claims = new Map<string, number>();
  for (const { spec } of all)
    if (spec?.podCIDR) claims.set(spec.podCIDR, (claims.get(spec.podCIDR) ?? 0) + 1);
  return all
    .filter(({ metadata }) => metadata.name !== nodeName)
    .flatMap(({ spec, status }) => {
      const podCidr = spec?.podCIDR;
      const nodeAddress = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
      const isPlain = podCidr && nodeAddress && IPV4.test(nodeAddress) && IPV4_RANGE.test(podCidr);
      return isPlain && claims.get(podCidr) === 1 ? [{ podCidr, nodeAddress }] : [];
    })
    .sort((a, b) => (a.podCidr < b.podCidr ? -1 : 1));
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const IPV4_RANGE = /^\d+\.\d+\.\d+\.\d+\/\d+$/;
