import {
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  rfc3339Micros,
  rfc3339Seconds,
} from "../../base/index.ts";
import { type Lease, leases, NODE_LEASE_NAMESPACE, type Node, nodes as nodesResource } from "../api/index.ts";
import type { Informer, KubeClient } from "../client/index.ts";
import type { NodeAddresses } from "./node-addresses.ts";
import { isSimulated, newNode, nodeName, readyStatus } from "./simulated-node.ts";
import { withWorkers } from "./with-workers.ts";

const LEASE_SECONDS = 40;
/** Half of what a lease lasts: one that is late does no harm. */
const RENEW_MS = 20_000;
/** Leases are renewed some at a time, evenly over that. */
const TURN_MS = 250;
const AT_ONCE = 32;

export interface NodeKeeperOptions {
  client: KubeClient;
  nodes: Informer<Node>;
  /** One a node. */
  addresses: readonly NodeAddresses[];
  hasTaint: boolean;
  logger: Logger;
  clock: Clock;
}

/** Keeps the simulated nodes there and alive: their objects, what they say of themselves, and their leases. */
export class NodeKeeper {
  readonly #options: NodeKeeperOptions;
  /** As last written, by the node's place. */
  readonly #leases: (Lease | undefined)[] = [];

  constructor(options: NodeKeeperOptions) {
    this.#options = options;
  }

  /** Makes what is missing, and takes away simulated nodes beyond the wanted number. */
  async provide(signal: AbortSignal): Promise<void> {
    const { addresses } = this.#options;
    await removeBeyond(this.#options, addresses.length, signal);
    await withWorkers(addresses.keys(), AT_ONCE, signal, (index) => this.#provideOne(index));
  }

  /** Renews the leases until the signal aborts; a node that somebody has deleted comes back. */
  async run(signal: AbortSignal): Promise<void> {
    const { addresses, clock, logger } = this.#options;
    const count = addresses.length;
    const perTurn = Math.ceil((count * TURN_MS) / RENEW_MS);
    const turnMs = Math.max(TURN_MS, (RENEW_MS * perTurn) / Math.max(1, count));
    for (let next = 0; !signal.aborted; next = (next + perTurn) % Math.max(1, count)) {
      const startedMs = clock.monotonicMs();
      const places = Array.from({ length: Math.min(perTurn, count) }, (_, at) => (next + at) % count);
      await withWorkers(places, AT_ONCE, signal, (index) =>
        this.#renew(index).catch((error) => {
          this.#leases[index] = undefined;
          if (!signal.aborted)
            logger.warn("a lease was not renewed", { node: nodeName(index), error: errorMessage(error) });
        }),
      );
      const leftMs = turnMs - (clock.monotonicMs() - startedMs);
      await clock.sleep(Math.max(1, leftMs), signal).catch(() => {});
    }
  }

  async #provideOne(index: number): Promise<void> {
    const { client, nodes, addresses, hasTaint, clock } = this.#options;
    const own = addresses[index]!;
    const known =
      nodes.get(nodeName(index)) ?? (await client.create(nodesResource, newNode(index, own, hasTaint)));
    await this.#renew(index, known);
    const isReady = known.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
    if (isReady) return;
    const status = readyStatus(index, own, rfc3339Seconds(clock.nowMs()));
    await client.patch(
      nodesResource,
      undefined,
      nodeName(index),
      "strategic",
      { status },
      { subresource: "status" },
    );
  }

  async #renew(index: number, node = this.#options.nodes.get(nodeName(index))): Promise<void> {
    if (!node) return this.#provideOne(index);
    const { client, clock } = this.#options;
    const name = nodeName(index);
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: rfc3339Micros(clock.nowMs()),
    };
    const known = this.#leases[index] ?? (await this.#find(name));
    if (known) {
      this.#leases[index] = await client.update(leases, { ...known, spec });
      return;
    }
    const owner = { apiVersion: "v1", kind: "Node", name, uid: node.metadata.uid };
    const metadata = { name, namespace: NODE_LEASE_NAMESPACE, ownerReferences: [owner] };
    this.#leases[index] = await client.create(leases, { metadata, spec });
  }

  async #find(name: string): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get(leases, NODE_LEASE_NAMESPACE, name);
    } catch (error) {
      if (isGantryError(error, "NotFound")) return undefined;
      throw error;
    }
  }
}

/** Takes away the simulated nodes of an earlier start that are not wanted now. */
async function removeBeyond(
  { client, nodes }: Pick<NodeKeeperOptions, "client" | "nodes">,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(Array.from({ length: count }, (_, index) => nodeName(index)));
  const surplus = [...nodes.list()].filter((node) => isSimulated(node) && !wanted.has(node.metadata.name));
  await withWorkers(surplus, AT_ONCE, signal, async ({ metadata }) => {
    await client.delete(nodesResource, undefined, metadata.name).catch((error) => {
      if (!isGantryError(error, "NotFound")) throw error;
    });
  });
}
