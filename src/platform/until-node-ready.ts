import { type Clock, GantryError } from "../base/index.ts";
import { nodes } from "../kube/api/index.ts";
import type { KubeObject } from "../kube/api/types.ts";
import type { KubeClient } from "../kube/client/index.ts";

function isReady(node: KubeObject): boolean {
  return (node.status?.conditions ?? []).some(
    (one: { type: string; status: string }) => one.type === "Ready" && one.status === "True",
  );
}

const RETRY_MS = 500;

/** Resolves when the node says that it is Ready (or the signal aborts), however long nobody can be asked. */
export async function untilNodeReady(
  client: KubeClient,
  nodeName: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await readyNode(client, nodeName, signal);
    } catch {
      // The kubelet tells what is wrong.
      await clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }
}

async function readyNode(client: KubeClient, nodeName: string, signal: AbortSignal): Promise<void> {
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
