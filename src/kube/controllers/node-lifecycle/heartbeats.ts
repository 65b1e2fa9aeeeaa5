import type { RunningTime } from "../../../base/index.ts";
import type { Lease, Node } from "../../api/index.ts";

/** kube-controller-manager's --node-monitor-grace-period (50 s since 1.32). */
export const GRACE_MS = 50_000;
/** Its --node-startup-grace-period, for nodes that have not yet said anything. */
export const STARTUP_GRACE_MS = 60_000;

/**
 * When each node was last heard of, in the time in which this process ran: what counts is that the lease changed, not what
 * time it says, because nodes' clocks differ.
 */
export class Heartbeats {
  readonly #time: RunningTime;
  readonly #graceMs: number;
  readonly #last = new Map<string, { mark: string; atMs: number }>();

  constructor(time: RunningTime, graceMs = GRACE_MS) {
    this.#time = time;
    this.#graceMs = graceMs;
  }

  /** Notes what the lease and the status say now; returns whether the node has been silent for too long. */
  isSilent(node: Node, lease: Lease | undefined): boolean {
    const ready = node.status?.conditions?.find((one: { type: string }) => one.type === "Ready");
    const mark = JSON.stringify([node.metadata.uid, lease?.spec?.renewTime, ready?.lastHeartbeatTime]);
    const nowMs = this.#time.ranMs();
    const known = this.#last.get(node.metadata.name);
    if (known?.mark === mark) return nowMs - known.atMs > (ready ? this.#graceFor(lease) : STARTUP_GRACE_MS);
    this.#last.set(node.metadata.name, { mark, atMs: nowMs });
    return false;
  }

  /** Who renews his lease as seldom as upstream's nodes do has upstream's time. */
  #graceFor(lease: Lease | undefined): number {
    const leaseMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return leaseMs > this.#graceMs ? Math.max(this.#graceMs, GRACE_MS) : this.#graceMs;
  }

  /** Nobody is silent until all had time to speak again: after a time in which this process may not have heard anybody. */
  restart(): void {
    for (const entry of this.#last.values()) entry.atMs = this.#time.ranMs();
  }

  forget(name: string): void {
    this.#last.delete(name);
  }
}
