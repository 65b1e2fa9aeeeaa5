import { GantryError } from "../base/index.ts";
import { nodes } from "../kube/api/index.ts";
import type { KubeObject } from "../kube/api/types.ts";
import type { KubeClient } from "../kube/client/index.ts";

function isReady(node: KubeObject): boolean {
  return (node.status?.conditions ?? []).some(
    (one: { type: string; status: string }) => one.type === "Ready" && one.status === "True",
  );
}

/** Resolves when the node says that it is Ready (or the signal aborts). */
export async function untilNodeReady(
  client: KubeClient,
  nodeName: string,
  signal: AbortSignal,
): Promise<void> {
  const list = await client.list(nodes, { fieldSelector: `metadata.name=${nodeName}` });
  if (list.items.some(isReady)) return;
  const watch = client.watch(nodes, {
    fieldSelector: `metadata.name=${nodeName}`,
    resourceVersion: list.metadata.resourceVersion,
    signal,
  });
  for await (const event of watch) {
    if (event.type !== "BOOKMARK" && event.type !== "DELETED" && isReady(event.object)) return;
  }
  if (!signal.aborted)
    throw new GantryError("Unavailable", `the watch of node ${nodeName} ended before it was Ready`);
}
