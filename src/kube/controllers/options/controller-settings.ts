import type { AutoscalerSettings } from "../horizontalpodautoscaler/settings.ts";
import type { NodeMonitoring } from "../node-lifecycle/node-monitoring.ts";

/** What kube-controller-manager's flags decide here. */
export interface ControllerSettings {
  /** Names of the controllers that run, as upstream names them. */
  running: ReadonlySet<string>;
  /** How many keys a controller works on at once, by its name; its own number where it is absent. */
  concurrency: ReadonlyMap<string, number>;
  autoscaler: AutoscalerSettings;
  nodeMonitoring: NodeMonitoring;
  /** Finished pods that are kept; 0 or less: all of them. */
  terminatedPodsKept: number;
  /** Nobody is given a certificate for longer. */
  signingDurationMs: number;
  /** A token in a Secret that nobody has used for so long is taken back, and as long after that removed. */
  legacyTokenCleanUpMs: number;
  quotaSyncMs: number;
  volumeBinderSyncMs: number;
}
