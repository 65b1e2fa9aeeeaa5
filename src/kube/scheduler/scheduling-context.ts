import type { Clock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import type { DecisionWriter } from "./decision-writer.ts";
import type { ExtenderCalls } from "./extenders/ask-extenders.ts";
import type { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
import type { Profile } from "./profile.ts";
import type { SchedulingQueue } from "./queue.ts";
import type { Snapshot } from "./snapshot.ts";

/** What the parts of one scheduler share. */
export interface SchedulingContext {
  readonly snapshot: Snapshot;
  readonly queue: SchedulingQueue;
  readonly writer: DecisionWriter;
  readonly metrics: SchedulerMetrics;
  readonly extenders: ExtenderCalls | undefined;
  readonly clock: Clock;
  /** Undefined for pods of other schedulers. */
  profileOf(pod: Pod): Profile | undefined;
  /** Whether this scheduler is to find a node for the pod. */
  isOurs(pod: Pod): boolean;
  /** As the pod is now, where it still waits. Who was bound by somebody else, or is gone, leaves the queue by its own event. */
  waitingForm(pod: Pod): Pod | undefined;
}

/** One pod on its way to a node. */
export interface Attempted {
  pod: Pod;
  attempts: number;
  enteredMs: number;
  profile: Profile;
  /** When this attempt began; monotonic. */
  startedMs: number;
}
