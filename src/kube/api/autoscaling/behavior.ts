import { invalid, notSupported, required } from "../field-error.ts";
import type {
  V2HorizontalPodAutoscalerBehavior,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const MAX_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;
const SELECT_POLICIES = ["Disabled", "Max", "Min"];
const POLICY_TYPES = ["Percent", "Pods"];

/** What is not said of how fast it may go up and down (autoscaling/v2 GenerateHPAScaleUpRules and ScaleDownRules). */
export function setBehaviorDefaults(behavior: V2HorizontalPodAutoscalerBehavior): void {
  behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    ...ruleDefaults([
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ]),
    ...behavior.scaleUp,
  };
  behavior.scaleDown = {
    ...ruleDefaults([{ type: "Percent", value: 100, periodSeconds: 15 }]),
    ...behavior.scaleDown,
  };
}

const ruleDefaults = (policies: V2HPAScalingPolicy[]): V2HPAScalingRules => ({
  selectPolicy: "Max",
  policies,
});

/** Tolerances are an alpha feature that is off: a new one is dropped. */
export function dropNewTolerances(
  behavior: V2HorizontalPodAutoscalerBehavior | undefined,
  previous: V2HorizontalPodAutoscalerBehavior | undefined,
): void {
  const isUsed = [previous?.scaleUp, previous?.scaleDown].some((rules) => rules?.tolerance !== undefined);
  if (isUsed) return;
  delete behavior?.scaleUp?.tolerance;
  delete behavior?.scaleDown?.tolerance;
}

export function validateBehavior(
  behavior: V2HorizontalPodAutoscalerBehavior | undefined,
  path: string,
): FieldError[] {
  return [
    ...validateRules(behavior?.scaleUp, `${path}.scaleUp`),
    ...validateRules(behavior?.scaleDown, `${path}.scaleDown`),
  ];
}

function validateRules(rules: V2HPAScalingRules | undefined, path: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [] } = rules;
  const errors: FieldError[] = [];
  const window = `${path}.stabilizationWindowSeconds`;
  if (seconds < 0) errors.push(invalid(window, seconds, "must be greater than or equal to zero"));
  if (seconds > MAX_WINDOW_SECONDS)
    errors.push(invalid(window, seconds, `must be less than or equal to ${MAX_WINDOW_SECONDS}`));
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy))
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  if (policies.length === 0) errors.push(required(`${path}.policies`, "must specify at least one Policy"));
  return [...errors, ...policies.flatMap((one, index) => validatePolicy(one, `${path}.policies[${index}]`))];
}

function validatePolicy({ type, value, periodSeconds }: V2HPAScalingPolicy, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, POLICY_TYPES));
  if (value <= 0) errors.push(invalid(`${path}.value`, value, "must be greater than zero"));
  const period = `${path}.periodSeconds`;
  if (periodSeconds <= 0) errors.push(invalid(period, periodSeconds, "must be greater than zero"));
  if (periodSeconds > MAX_PERIOD_SECONDS)
    errors.push(invalid(period, periodSeconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`));
  return errors;
}
