import type { RunningTime } from "../../../base/index.ts";
import type { Lease, Node } from "../../api/index.ts";
import { DEFAULT_MONITORING, type NodeMonitoring } from "./node-monitoring.ts";

/**
 * When each node was last heard of, in the time in which this process ran: what counts is that the lease changed, not what
 * time it says, because nodes' clocks differ.
 */
export class Heartbeats {
  readonly #time: RunningTime;
  readonly #graces: Pick<NodeMonitoring, "graceMs" | "startupGraceMs">;
  readonly #last = new Map<string, { mark: string; atMs: number }>();

  constructor(time: RunningTime, graces: Pick<NodeMonitoring, "graceMs" | "startupGraceMs">) {
    this.#time = time;
    this.#graces = graces;
  }

  /** Notes what the lease and the status say now; returns whether the node has been silent for too long. */
  isSilent(node: Node, lease: Lease | undefined): boolean {
    const ready = node.status?.conditions?.find((one: { type: string }) => one.type === "Ready");
    const mark = JSON.stringify([node.metadata.uid, lease?.spec?.renewTime, ready?.lastHeartbeatTime]);
    const nowMs = this.#time.ranMs();
    const known = this.#last.get(node.metadata.name);
    if (known?.mark === mark)
      return nowMs - known.atMs > (ready ? this.#graceFor(lease) : this.#graces.startupGraceMs);
    this.#last.set(node.metadata.name, { mark, atMs: nowMs });
    return false;
  }

  /** Who renews his lease as seldom as upstream's nodes do has upstream's time. */
  #graceFor(lease: Lease | undefined): number {
    const { graceMs } = this.#graces;
    const leaseMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return leaseMs > graceMs ? Math.max(graceMs, DEFAULT_MONITORING.graceMs) : graceMs;
  }

  /** Nobody is silent until all had time to speak again: after a time in which this process may not have heard anybody. */
  restart(): void {
    for (const entry of this.#last.values()) entry.atMs = this.#time.ranMs();
  }

  forget(name: string): void {
    this.#last.delete(name);
  }
}
