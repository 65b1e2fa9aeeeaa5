import { nodes } from "../api/index.ts";
import type { KubeClient } from "../client/index.ts";
import { SIMULATED } from "./simulated-node.ts";

/** Takes away what an earlier start has simulated. */
export async function removeSimulatedNodes(client: KubeClient): Promise<void> {
  await client.deleteCollection(nodes, { labelSelector: `${SIMULATED.key}=${SIMULATED.value}` });
}
