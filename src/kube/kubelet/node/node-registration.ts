import { isDeepStrictEqual } from "node:util";
import { type Clock, errorMessage, isGantryError, type Logger, rfc3339Seconds } from "../../../base/index.ts";
import { type KubeObject, nodes } from "../../api/index.ts";
import type { EventRecorder, KubeClient } from "../../client/index.ts";
import { assertOwn, ensureNode, NODE_TAKEN } from "./ensure-node.ts";
import { type NodeFactsOptions, readNodeFacts } from "./node-facts.ts";
import { type NodeIdentity, nodeStatus } from "./node-object.ts";

/** How often the node looks at itself, and how often it says so when nothing has changed (upstream's defaults). */
const LOOK_EVERY_MS = 10_000;
const REPORT_EVERY_MS = 5 * 60_000;
const RETRY_MS = 1000;

export interface NodeRegistrationOptions extends NodeFactsOptions {
  client: KubeClient;
  recorder: EventRecorder;
  identity: NodeIdentity;
  /** The node as the API last showed it. */
  nodeOf: () => KubeObject | undefined;
  logger: Logger;
  clock: Clock;
}

/** Makes the Node object, and keeps its status true, whoever else writes into it. */
export class NodeRegistration {
  readonly #options: NodeRegistrationOptions;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  /** As it was answered last. */
  #answer: KubeObject | undefined;

  constructor(options: NodeRegistrationOptions) {
    this.#options = options;
  }

  /** Resolves when the API has the node with its status. */
  async register(signal: AbortSignal): Promise<void> {
    const { client, identity, logger, clock } = this.#options;
    for (;;) {
      try {
        this.#answer = await ensureNode(client, identity);
        this.#event("Starting", "Starting kubelet.");
        await this.#report();
        this.#event("NodeReady", `Node ${identity.nodeName} status is now: NodeReady`);
        return;
      } catch (error) {
        if (signal.aborted || (isGantryError(error) && error.code === NODE_TAKEN)) throw error;
        logger.warn("the node could not be registered, will retry", { error: errorMessage(error) });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  /**
   * Looks now and then; a change is told at once, no change every five minutes. Throws Conflict where another machine has become this
   * node.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, identity } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
      if (signal.aborted) return;
      const shown = this.#options.nodeOf();
      if (shown) assertOwn(shown, identity.machine);
      try {
        await this.#report();
      } catch (error) {
        this.#answer = undefined;
        logger.warn("the node's status was not written, will retry", { error: errorMessage(error) });
      }
    }
  }

  async #report(): Promise<void> {
    const { client, identity, clock } = this.#options;
    const known = this.#newest() ?? (await ensureNode(client, identity));
    const facts = await readNodeFacts(this.#options);
    const status = nodeStatus(identity, facts, known.status, rfc3339Seconds(clock.nowMs()));
    const isDue = clock.monotonicMs() - this.#reportedAtMs >= REPORT_EVERY_MS;
    if (!isDue && !differs(known.status, status)) return;
    const { images, addresses, ...merged } = status;
    this.#answer = await client.patch(
      nodes,
      undefined,
      identity.nodeName,
      "strategic",
      { status: { ...merged, images, addresses: [{ $patch: "replace" }, ...(addresses as object[])] } },
      { subresource: "status" },
    );
    this.#reportedAtMs = clock.monotonicMs();
  }

  /** Others write into the object as well: the node's controller, when it has not heard of this node for a while. */
  #newest(): KubeObject | undefined {
    const answer = this.#answer;
    const shown = this.#options.nodeOf();
    if (!answer || !shown || shown.metadata.uid !== answer.metadata.uid) return answer;
    return Number(shown.metadata.resourceVersion) > Number(answer.metadata.resourceVersion) ? shown : answer;
  }

  #event(reason: string, message: string): void {
    const { recorder, identity } = this.#options;
    const { nodeName } = identity;
    // Events about a node carry its name for a uid, as upstream's do: kubectl describe looks for it.
    recorder.event(
      { apiVersion: "v1", kind: "Node", metadata: { name: nodeName, uid: nodeName } },
      "Normal",
      reason,
      message,
    );
  }
}

/** Heartbeats are no change. */
function differs(known: KubeObject["status"], next: Record<string, unknown>): boolean {
  const withoutTimes = (status: Record<string, unknown>) => ({
    ...status,
    conditions: ((status.conditions as { type: string; status: string; reason: string }[]) ?? [])
      .map(({ type, status: is, reason }) => `${type} ${is} ${reason}`)
      .sort(),
  });
  const relevant = Object.fromEntries(Object.keys(next).map((key) => [key, known?.[key]]));
  return !isDeepStrictEqual(withoutTimes(relevant), withoutTimes(next));
}
