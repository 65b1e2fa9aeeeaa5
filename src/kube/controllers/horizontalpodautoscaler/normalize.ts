import type {
  V2HorizontalPodAutoscalerBehavior,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from "../../api/index.ts";
import type { ScalingHistory } from "./scaling-history.ts";
import type { AutoscalerSettings } from "./settings.ts";

/** What may be done of what the metrics ask for, and why no more. */
export interface Normalized {
  replicas: number;
  ableToScale: Verdict;
  scalingLimited: Verdict & { isLimited: boolean };
}

interface Verdict {
  reason: string;
  message: string;
}

export interface Wanted {
  current: number;
  desired: number;
  min: number;
  max: number;
  behavior: V2HorizontalPodAutoscalerBehavior | undefined;
  history: ScalingHistory;
  settings: Pick<AutoscalerSettings, "downscaleStabilizationMs">;
}

const READY = { reason: "ReadyForNewScale", message: "recommended size matches current size" };
const WITHIN = {
  reason: "DesiredWithinRange",
  message: "the desired count is within the acceptable range",
};
const SCALE_UP_LIMIT = {
  reason: "ScaleUpLimit",
  message: "the desired replica count is increasing faster than the maximum scale rate",
};
const SCALE_DOWN_LIMIT = {
  reason: "ScaleDownLimit",
  message: "the desired replica count is decreasing faster than the maximum scale rate",
};
const TOO_MANY = {
  reason: "TooManyReplicas",
  message: "the desired replica count is more than the maximum replica count",
};
const TOO_FEW = {
  reason: "TooFewReplicas",
  message: "the desired replica count is less than the minimum replica count",
};
const UP_STABILIZED = {
  reason: "ScaleUpStabilized",
  message: "recent recommendations were lower than current one, applying the lowest recent recommendation",
};
const DOWN_STABILIZED = {
  reason: "ScaleDownStabilized",
  message: "recent recommendations were higher than current one, applying the highest recent recommendation",
};

/** Notes the recommendation, and holds it to what was recommended and done lately, to the policies and to the bounds. */
export function normalize(wanted: Wanted): Normalized {
  const { behavior, desired, history } = wanted;
  const stabilized = behavior ? stabilizedByRules(wanted, behavior) : highestRecent(wanted);
  history.recommend(desired);
  const limit = behavior ? limitByRules : limitByDefault;
  const { replicas, why } = limit({ ...wanted, desired: stabilized });
  return {
    replicas,
    ableToScale: stabilized === desired ? READY : stabilizedVerdict(wanted),
    scalingLimited: { ...why, isLimited: replicas !== stabilized },
  };
}

function stabilizedVerdict({ behavior, desired, current }: Wanted): Verdict {
  return behavior && desired >= current ? UP_STABILIZED : DOWN_STABILIZED;
}

/** Without rules: never below what was wanted in the last minutes. */
function highestRecent({ desired, history, settings }: Wanted): number {
  return Math.max(desired, ...history.recommended(settings.downscaleStabilizationMs));
}

function stabilizedByRules(
  { desired, current, history, settings }: Wanted,
  { scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior,
): number {
  const upMs = (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
  const downSeconds = scaleDown?.stabilizationWindowSeconds;
  const downMs = downSeconds === undefined ? settings.downscaleStabilizationMs : downSeconds * 1000;
  const lowest = Math.min(desired, ...history.recommended(upMs));
  const highest = Math.max(desired, ...history.recommended(downMs));
  return Math.min(Math.max(current, lowest), highest);
}

interface Limited {
  replicas: number;
  why: Verdict;
}

function limitByDefault({ current, desired, min, max }: Wanted): Limited {
  const rate = Math.max(2 * current, 4);
  if (desired < min) return { replicas: min, why: TOO_FEW };
  if (desired > Math.min(max, rate))
    return max > rate ? { replicas: rate, why: SCALE_UP_LIMIT } : { replicas: max, why: TOO_MANY };
  return { replicas: desired, why: WITHIN };
}

function limitByRules({ current, desired, min, max, behavior, history }: Wanted): Limited {
  if (desired > current) {
    const rate = Math.max(current, upLimit(current, history, behavior!.scaleUp!));
    if (desired > Math.min(max, rate))
      return max > rate ? { replicas: rate, why: SCALE_UP_LIMIT } : { replicas: max, why: TOO_MANY };
  }
  if (desired < current) {
    const rate = Math.min(current, downLimit(current, history, behavior!.scaleDown!));
    if (desired < Math.max(min, rate))
      return min < rate ? { replicas: rate, why: SCALE_DOWN_LIMIT } : { replicas: min, why: TOO_FEW };
  }
  return { replicas: desired, why: WITHIN };
}

/** The most replicas that the policies allow now; without effect where scaling up is disabled. */
function upLimit(current: number, history: ScalingHistory, rules: V2HPAScalingRules): number {
  if (rules.selectPolicy === "Disabled") return current;
  const limits = (rules.policies ?? []).map((policy) => {
    const before = history.replicasBefore(current, policy.periodSeconds);
    // Rounded up, or a small number would never grow.
    return isPods(policy) ? before + policy.value : Math.ceil(before * (1 + policy.value / 100));
  });
  return rules.selectPolicy === "Min" ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, history: ScalingHistory, rules: V2HPAScalingRules): number {
  if (rules.selectPolicy === "Disabled") return current;
  const limits = (rules.policies ?? []).map((policy) => {
    const before = history.replicasBefore(current, policy.periodSeconds);
    return isPods(policy) ? before - policy.value : Math.trunc(before * (1 - policy.value / 100));
  });
  return rules.selectPolicy === "Min" ? Math.max(...limits) : Math.min(...limits);
}

const isPods = ({ type }: V2HPAScalingPolicy): boolean => type === "Pods";
