import { type Clock, errorMessage, GantryError, isGantryError, type Logger } from "../../base/index.ts";
import { type Node, nodes } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import { ensureNode, NODE_TAKEN } from "../../kube/kubelet/index.ts";

export interface NodeRangeOptions {
  client: KubeClient;
  nodeName: string;
  machine: string | undefined;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
}

const RETRY_MS = 500;
const TELL_AFTER_MS = 5000;

/**
 * Makes the node known to the cluster, and waits for the part of the pods' range that the controllers give it. Throws Conflict
 * where another machine is this node.
 */
export async function claimNodeRange(options: NodeRangeOptions): Promise<string> {
  const { client, nodeName, machine, logger, clock, signal } = options;
  const cancel = clock.after(TELL_AFTER_MS, () =>
    logger.warn("the controllers have not given the node a range for its pods yet", { node: nodeName }),
  );
  try {
    for (;;) {
      try {
        const node = await ensureNode(client, { nodeName, machine, labels: {} });
        return rangeOf(node) ?? (await untilGiven(client, node, signal));
      } catch (error) {
        if (signal.aborted || (isGantryError(error) && error.code === NODE_TAKEN)) throw error;
        logger.warn("the node could not be made known, will retry", { error: errorMessage(error) });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  } finally {
    cancel();
  }
}

async function untilGiven(client: KubeClient, node: Node, signal: AbortSignal): Promise<string> {
  const events = client.watch(nodes, {
    fieldSelector: `metadata.name=${node.metadata.name}`,
    resourceVersion: node.metadata.resourceVersion,
    signal,
  });
  for await (const event of events) {
    const range = event.type === "BOOKMARK" ? undefined : rangeOf(event.object);
    if (range !== undefined) return range;
  }
  throw new GantryError("Unavailable", "the watch of the node ended");
}

const rangeOf = ({ spec }: Node): string | undefined => spec?.podCIDR || undefined;
