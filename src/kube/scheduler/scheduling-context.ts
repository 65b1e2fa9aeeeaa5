import type { Pod } from "../api/index.ts";
import type { DecisionWriter } from "./decision-writer.ts";
import type { SchedulingPlugin } from "./framework.ts";
import type { SchedulingQueue } from "./queue.ts";
import type { NodeSelector } from "./select-node.ts";
import type { Snapshot } from "./snapshot.ts";

/** What the parts of one scheduler share. */
export interface SchedulingContext {
  readonly snapshot: Snapshot;
  readonly queue: SchedulingQueue;
  readonly writer: DecisionWriter;
  readonly plugins: readonly SchedulingPlugin<never>[];
  readonly selector: NodeSelector;
  /** Whether this scheduler is to find a node for the pod. */
  isOurs(pod: Pod): boolean;
  /** As the pod is now, where it still waits. Who was bound by somebody else, or is gone, leaves the queue by its own event. */
  waitingForm(pod: Pod): Pod | undefined;
}
