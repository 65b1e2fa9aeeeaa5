import type { Clock, Logger, ServiceContext } from "../../base/index.ts";
import { nodes as nodesResource, pods as podsResource } from "../api/index.ts";
import type { InformerFactory, KubeClient } from "../client/index.ts";
import { NodeAddresses } from "./node-addresses.ts";
import { NodeKeeper } from "./node-keeper.ts";
import { PodRunner } from "./pod-runner.ts";
import { nodeName } from "./simulated-node.ts";

export { removeSimulatedNodes } from "./remove-simulated-nodes.ts";

export interface SimulatedNodesOptions {
  client: KubeClient;
  informers: InformerFactory;
  count: number;
  /** Whether ordinary pods are kept off them: there is a real node for those. */
  hasTaint: boolean;
  logger: Logger;
  clock: Clock;
}

/** Nodes without machines, whose pods seem to run: all are served from one view of the cluster's pods. */
export async function runSimulatedNodes(
  options: SimulatedNodesOptions,
  { signal, ready }: ServiceContext,
): Promise<void> {
  const { client, informers, count, hasTaint, logger, clock } = options;
  const nodes = informers.informer(nodesResource);
  const pods = informers.informer(podsResource);
  const addresses = Array.from({ length: count }, (_, index) => new NodeAddresses(index));
  const byName = new Map(addresses.map((one, index) => [nodeName(index), one]));
  const keeper = new NodeKeeper({ client, nodes, addresses, hasTaint, logger, clock });
  try {
    await Promise.all([nodes.synced(signal), pods.synced(signal)]);
    await keeper.provide(signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  ready();
  const runner = new PodRunner({ client, pods, addresses: byName, logger, clock });
  await Promise.all([keeper.run(signal), runner.run(signal)]);
}
