import { GantryError, isGantryError } from "../../../base/index.ts";
import { type Node, nodes } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { type NodeIdentity, nodeLabels } from "./node-object.ts";

/** Which machine's node it is: two machines of one name must not take turns in being it. */
const MACHINE = "gantry.dev/machine";

/** Two machines say that they are this node. */
export const NODE_TAKEN = "Kubelet.NodeTaken";

export type EnsuredNode = Pick<NodeIdentity, "nodeName" | "labels" | "machine">;

/**
 * Makes the Node object where there is none, and gives it this machine's labels. Throws Conflict (NODE_TAKEN) where it is another
 * machine's that is Ready.
 */
export async function ensureNode(client: KubeClient, identity: EnsuredNode): Promise<Node> {
  const { nodeName, machine } = identity;
  const labels = nodeLabels(identity);
  const annotations: Record<string, string> = machine === undefined ? {} : { [MACHINE]: machine };
  try {
    return await client.create(nodes, { metadata: { name: nodeName, labels, annotations }, spec: {} });
  } catch (error) {
    if (!isGantryError(error, "AlreadyExists") && !isGantryError(error, "Conflict")) throw error;
  }
  const existing: Node = await client.get(nodes, undefined, nodeName);
  const other = existing.metadata.annotations?.[MACHINE];
  if (machine !== undefined && other !== undefined && other !== machine && isReady(existing))
    throw taken(nodeName);
  if (hasAll(existing.metadata.labels, labels) && hasAll(existing.metadata.annotations, annotations))
    return existing;
  // By its version: of two machines that find it at the same time one is told that the other was first.
  const { uid, resourceVersion } = existing.metadata;
  return client.patch(nodes, undefined, nodeName, "strategic", {
    metadata: { labels, annotations, uid, resourceVersion },
  });
}

/** Throws Conflict (NODE_TAKEN) where another machine has become this node: of two that came at once one gives way. */
export function assertOwn({ metadata }: Pick<Node, "metadata">, machine: string | undefined): void {
  const stated = metadata.annotations?.[MACHINE];
  if (machine !== undefined && stated !== undefined && stated !== machine) throw taken(metadata.name);
}

function taken(nodeName: string): GantryError {
  return new GantryError("Conflict", `the cluster has a node ${nodeName}, which is another machine`, {
    code: NODE_TAKEN,
    hint: `choose another name with --node-name, or remove that node first with 'gantry node remove ${nodeName}'`,
  });
}

function isReady({ status }: Node): boolean {
  const conditions = (status?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some((one) => one.type === "Ready" && one.status === "True");
}

function hasAll(present: Record<string, string> | undefined, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => present?.[key] === value);
}
