import { DEFAULT_LIMITS, type EvictionLimits } from "./zone-health.ts";

/** How nodes are watched, as kube-controller-manager's flags say it. */
export interface NodeMonitoring {
  /** `--node-monitor-period` */
  periodMs: number;
  /** `--node-monitor-grace-period`: a node that says nothing for longer is not ready. */
  graceMs: number;
  /** `--node-startup-grace-period`: the same of one that has not yet said anything. */
  startupGraceMs: number;
  limits: EvictionLimits;
}

/** Upstream's defaults (those of 1.32 and later). */
export const DEFAULT_MONITORING: NodeMonitoring = {
  periodMs: 5_000,
  graceMs: 50_000,
  startupGraceMs: 60_000,
  limits: DEFAULT_LIMITS,
};
