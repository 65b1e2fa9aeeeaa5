import type { Clock } from "../../../base/index.ts";
import type { Node } from "../../api/index.ts";

/** Upstream's: twice kube-proxy's sync period of 30 s. */
const TIMEOUT_MS = 60_000;
/** The cluster autoscaler is about to remove the node. */
const TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler";
const NEVER = "0001-01-01T00:00:00Z";

export interface ProxyHealthReport {
  isHealthy: boolean;
  /** What `/healthz` and `/livez` say. */
  body: Record<string, unknown>;
}

/**
 * Whether the rules follow what is known of Services: a change that is not in them after a minute is a failure (upstream's
 * ProxyHealthServer). The proxy is well until it has something to write.
 */
export class ProxyHealth {
  readonly #clock: Pick<Clock, "nowMs" | "monotonicMs">;
  #writtenAtMs: number | undefined;
  #waitingSinceMs: number | undefined;
  #isEligible = true;

  constructor(clock: Pick<Clock, "nowMs" | "monotonicMs">) {
    this.#clock = clock;
  }

  /** Something is to be written. */
  changed(): void {
    this.#waitingSinceMs ??= this.#clock.monotonicMs();
  }

  /** All that was to be written is. */
  written(): void {
    this.#waitingSinceMs = undefined;
    this.#writtenAtMs = this.#clock.nowMs();
  }

  /** Load balancers are to leave out a node that goes; a node that is not there was removed. */
  nodeIs(node: Pick<Node, "metadata" | "spec"> | undefined): void {
    const isLeaving = node?.spec?.taints?.some(({ key }) => key === TO_BE_DELETED) ?? false;
    this.#isEligible = node !== undefined && node.metadata.deletionTimestamp === undefined && !isLeaving;
  }

  get isHealthy(): boolean {
    // Until the first write the rules of the last run are in force.
    if (this.#writtenAtMs === undefined || this.#waitingSinceMs === undefined) return true;
    return this.#clock.monotonicMs() - this.#waitingSinceMs < TIMEOUT_MS;
  }

  /** `/livez`. */
  live(): ProxyHealthReport {
    return this.#report(this.isHealthy, {});
  }

  /** `/healthz`: as `/livez`, and false where the node is about to go. */
  ready(): ProxyHealthReport {
    return this.#report(this.isHealthy && this.#isEligible, { nodeEligible: this.#isEligible });
  }

  #report(isAnsweredWell: boolean, more: { nodeEligible?: boolean }): ProxyHealthReport {
    const now = new Date(this.#clock.nowMs()).toISOString();
    const written = this.#writtenAtMs === undefined ? NEVER : new Date(this.#writtenAtMs).toISOString();
    const { isHealthy } = this;
    return {
      isHealthy: isAnsweredWell,
      body: {
        // Of one that is well it is always recent: nothing to write is no delay.
        lastUpdated: isAnsweredWell ? now : written,
        currentTime: now,
        ...more,
        healthy: isHealthy,
        ...(this.#writtenAtMs === undefined
          ? {}
          : { status: { IPv4: { lastUpdated: written, healthy: isHealthy } } }),
      },
    };
  }
}
