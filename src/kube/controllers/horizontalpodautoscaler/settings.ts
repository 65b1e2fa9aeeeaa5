/** What kube-controller-manager's flags `--horizontal-pod-autoscaler-…` say. */
export interface AutoscalerSettings {
  syncPeriodMs: number;
  downscaleStabilizationMs: number;
  /** How far usage may be off the target, as a share of it, before anything is changed. */
  tolerance: number;
  /** How long after its start a pod's processor time counts only while it is ready. */
  cpuInitializationMs: number;
  /** A pod that was never ready later than this after its start has never been ready. */
  initialReadinessDelayMs: number;
}

/** Upstream's defaults. */
export const SETTINGS: AutoscalerSettings = {
  syncPeriodMs: 15_000,
  downscaleStabilizationMs: 5 * 60_000,
  tolerance: 0.1,
  cpuInitializationMs: 5 * 60_000,
  initialReadinessDelayMs: 30_000,
};
