import type { Node } from "../../api/index.ts";
import { nodes } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { node } from "./objects.ts";

/** A node without the taint that new ones have until they are ready. */
export async function readyNode(
  client: KubeClient,
  name: string,
  labels: Record<string, string> = {},
): Promise<Node> {
  await client.create(nodes, node(name, labels));
  return client.patch(nodes, undefined, name, "merge", { spec: { taints: null } });
}
