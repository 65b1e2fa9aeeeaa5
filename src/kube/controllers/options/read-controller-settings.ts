import { GantryError } from "../../../base/index.ts";
import type { FlagValues, GivenFlags } from "../../../formats/index.ts";
import { aggregateText } from "../../api/index.ts";
import { chosenControllers } from "./controller-names.ts";
import type { ControllerSettings } from "./controller-settings.ts";
import { CONCURRENCY_FLAGS, CONTROLLER_MANAGER_FLAGS } from "./flag-table.ts";

/** Periods and numbers that nothing works with where they are not above zero. */
const ABOVE_ZERO = [
  "node-monitor-period",
  "node-monitor-grace-period",
  "node-startup-grace-period",
  "horizontal-pod-autoscaler-sync-period",
  "cluster-signing-duration",
  "legacy-service-account-token-clean-up-period",
  "resource-quota-sync-period",
  "pvclaimbinder-sync-period",
];
const NOT_BELOW_ZERO = [
  "node-eviction-rate",
  "secondary-node-eviction-rate",
  "unhealthy-zone-threshold",
  "large-cluster-size-threshold",
  "horizontal-pod-autoscaler-downscale-stabilization",
  "horizontal-pod-autoscaler-tolerance",
  "horizontal-pod-autoscaler-cpu-initialization-period",
  "horizontal-pod-autoscaler-initial-readiness-delay",
];

/** What kube-controller-manager's flags say; its defaults where they say nothing. Throws InvalidArgument with all that is wrong with them. */
export function readControllerSettings(given: GivenFlags): ControllerSettings {
  const flags = CONTROLLER_MANAGER_FLAGS.read(given);
  const problems = [...problemsOf(flags)];
  let running: ControllerSettings["running"] = new Set();
  try {
    running = chosenControllers(flags.list("controllers"));
  } catch (error) {
    problems.push((error as Error).message);
  }
  if (problems.length > 0)
    throw new GantryError("InvalidArgument", aggregateText(problems), { code: "ControllerManager.Options" });
  return {
    running,
    concurrency: new Map(
      Object.entries(CONCURRENCY_FLAGS)
        .filter(([name]) => flags.isGiven(name))
        .map(([name, controller]) => [controller, flags.number(name)]),
    ),
    autoscaler: {
      syncPeriodMs: flags.milliseconds("horizontal-pod-autoscaler-sync-period"),
      downscaleStabilizationMs: flags.milliseconds("horizontal-pod-autoscaler-downscale-stabilization"),
      tolerance: flags.number("horizontal-pod-autoscaler-tolerance"),
      cpuInitializationMs: flags.milliseconds("horizontal-pod-autoscaler-cpu-initialization-period"),
      initialReadinessDelayMs: flags.milliseconds("horizontal-pod-autoscaler-initial-readiness-delay"),
    },
    nodeMonitoring: {
      periodMs: flags.milliseconds("node-monitor-period"),
      graceMs: flags.milliseconds("node-monitor-grace-period"),
      startupGraceMs: flags.milliseconds("node-startup-grace-period"),
      limits: {
        nodeEvictionRate: flags.number("node-eviction-rate"),
        secondaryNodeEvictionRate: flags.number("secondary-node-eviction-rate"),
        unhealthyZoneThreshold: flags.number("unhealthy-zone-threshold"),
        largeClusterSizeThreshold: flags.number("large-cluster-size-threshold"),
      },
    },
    terminatedPodsKept: flags.number("terminated-pod-gc-threshold"),
    signingDurationMs: flags.milliseconds("cluster-signing-duration"),
    legacyTokenCleanUpMs: flags.milliseconds("legacy-service-account-token-clean-up-period"),
    quotaSyncMs: flags.milliseconds("resource-quota-sync-period"),
    volumeBinderSyncMs: flags.milliseconds("pvclaimbinder-sync-period"),
  };
}

function* problemsOf(flags: FlagValues): Iterable<string> {
  const amount = (name: string) => {
    const text = flags.text(name);
    return /[a-z]$/.test(text) ? flags.milliseconds(name) : flags.number(name);
  };
  const concurrencies = Object.keys(CONCURRENCY_FLAGS).filter((name) => flags.isGiven(name));
  for (const name of [...concurrencies, ...ABOVE_ZERO])
    if (amount(name) <= 0) yield `--${name} must be greater than 0, but got ${flags.text(name)}`;
  for (const name of NOT_BELOW_ZERO)
    if (amount(name) < 0) yield `--${name} must not be negative, but got ${flags.text(name)}`;
}
