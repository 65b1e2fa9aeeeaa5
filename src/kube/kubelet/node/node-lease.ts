import { type Clock, errorMessage, isGantryError, type Logger, rfc3339Micros } from "../../../base/index.ts";
import { type KubeObject, leases, NODE_LEASE_NAMESPACE } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";

/** Upstream's. */
const DURATION_SECONDS = 40;
/** So often a lease is renewed in the time for which it holds. */
const RENEWALS = 4;
const RETRY_MS = 1000;

export interface NodeLeaseOptions {
  client: KubeClient;
  nodeName: string;
  nodeUid: () => Promise<string>;
  /** For how long it holds, where that is not upstream's time: asked for each renewal. */
  durationSeconds?: () => number | undefined;
  logger: Logger;
  clock: Clock;
}

/** The node's heartbeat: a Lease of its name, renewed every ten seconds. */
export class NodeLease {
  readonly #options: NodeLeaseOptions;
  #lease: KubeObject | undefined;

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      let pauseMs = (this.#durationSeconds() * 1000) / RENEWALS;
      try {
        await this.#renew();
      } catch (error) {
        this.#lease = undefined;
        pauseMs = RETRY_MS;
        if (!signal.aborted)
          logger.warn("the node's lease was not renewed, will retry", { error: errorMessage(error) });
      }
      await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  async #renew(): Promise<void> {
    const { client, nodeName } = this.#options;
    this.#lease ??= await this.#find();
    this.#lease = this.#lease
      ? await client.update(leases, { ...this.#lease, spec: this.#spec() })
      : await client.create(leases, { metadata: await this.#metadata(nodeName), spec: this.#spec() });
  }

  async #find(): Promise<KubeObject | undefined> {
    const { client, nodeName } = this.#options;
    try {
      return await client.get(leases, NODE_LEASE_NAMESPACE, nodeName);
    } catch (error) {
      if (isGantryError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** The lease goes with its node. */
  async #metadata(name: string): Promise<Partial<KubeObject["metadata"]>> {
    const owner = { apiVersion: "v1", kind: "Node", name, uid: await this.#options.nodeUid() };
    return { name, namespace: NODE_LEASE_NAMESPACE, ownerReferences: [owner] };
  }

  #durationSeconds(): number {
    return this.#options.durationSeconds?.() ?? DURATION_SECONDS;
  }

  #spec(): Record<string, unknown> {
    const { nodeName, clock } = this.#options;
    return {
      holderIdentity: nodeName,
      leaseDurationSeconds: this.#durationSeconds(),
      renewTime: rfc3339Micros(clock.nowMs()),
    };
  }
}
