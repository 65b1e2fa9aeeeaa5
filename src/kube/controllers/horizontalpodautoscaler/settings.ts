/** kube-controller-manager's defaults of its `--horizontal-pod-autoscaler-…` flags. */
export const SETTINGS = {
  syncPeriodMs: 15_000,
  downscaleStabilizationMs: 5 * 60_000,
  /** How far usage may be off the target, as a share of it, before anything is changed. */
  tolerance: 0.1,
  /** How long after its start a pod's processor time counts only while it is ready. */
  cpuInitializationMs: 5 * 60_000,
  /** A pod that was never ready later than this after its start has never been ready. */
  initialReadinessDelayMs: 30_000,
} as const;
