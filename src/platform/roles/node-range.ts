import { type Clock, errorMessage, GantryError, isGantryError, type Logger } from "../../base/index.ts";
import { type Node, nodes } from "../../kube/api/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import { ensureNode, NODE_TAKEN } from "../../kube/kubelet/index.ts";

export interface NodeRangeOptions {
  client: KubeClient;
  nodeName: string;
  machine: string | undefined;
  /** What the node had last: it serves where no server answers for a moment. */
  known: string | undefined;
  logger: Logger;
  clock: Clock;
  signal: AbortSignal;
}

const RETRY_MS = 500;
const TELL_EVERY_MS = 30_000;
const PATIENCE_MS = 2000;

/**
 * Makes the node known to the cluster, and waits for the part of the pods' range that the controllers give it. Throws Conflict
 * where another machine is this node.
 */
export async function claimNodeRange(options: NodeRangeOptions): Promise<string> {
  const { known, logger, clock, signal } = options;
  const late = new AbortController();
  const claimed = claim({ ...options, signal: AbortSignal.any([signal, late.signal]) });
  if (known === undefined) return claimed;
  const patience = clock.sleep(PATIENCE_MS, late.signal).then(
    () => undefined,
    () => undefined,
  );
  const range = await Promise.race([claimed, patience]);
  late.abort();
  claimed.catch(() => {});
  if (range === undefined) logger.warn("no server answers: the node keeps the range that it had", { known });
  return range ?? known;
}

async function claim({
  client,
  nodeName,
  machine,
  logger,
  clock,
  signal,
}: NodeRangeOptions): Promise<string> {
  let toldAtMs = clock.monotonicMs() - TELL_EVERY_MS + PATIENCE_MS;
  const tell = (message: string, fields: Record<string, unknown>) => {
    if (clock.monotonicMs() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = clock.monotonicMs();
    logger.warn(message, fields);
  };
  const stopTelling = clock.every(PATIENCE_MS, () =>
    tell("the controllers have not given the node a range for its pods yet", { node: nodeName }),
  );
  try {
    for (;;) {
      try {
        const node = await ensureNode(client, { nodeName, machine, labels: {} });
        return rangeOf(node) ?? (await untilGiven(client, node, signal));
      } catch (error) {
        if (signal.aborted || (isGantryError(error) && error.code === NODE_TAKEN)) throw error;
        tell("the node could not be made known, will retry", { error: errorMessage(error) });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  } finally {
    stopTelling();
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
