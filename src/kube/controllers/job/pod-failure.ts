import type {
  ContainerStatus,
  Job,
  Pod,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from "../../api/index.ts";

/** A pod is made in place of another one only once that has ended, and not as soon as it is being deleted. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec.podReplacementPolicy === "Failed" || spec.podFailurePolicy !== undefined;
}

/** It failed, or counts as failed because it is being deleted: orphaned pods may never reach a last phase. */
export function hasFailed({ status, metadata }: Pod, job: Job): boolean {
  if (status?.phase === "Failed") return true;
  return (
    !replacesFailedOnly(job) && metadata.deletionTimestamp !== undefined && status?.phase !== "Succeeded"
  );
}

/** What the Job's policy makes of a failed pod. */
export interface FailureVerdict {
  /** Of the first rule that is met. */
  action?: "FailJob" | "FailIndex" | "Ignore" | "Count";
  /** Why the whole Job fails, where it does. */
  message?: string;
}

/** Whether the failure counts towards the limits. */
export const isCounted = ({ action }: FailureVerdict): boolean => action !== "Ignore";

/** By the first rule that the pod meets (matchPodFailurePolicy). */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const why = reasonToMatch(rule, pod);
    if (why === undefined) continue;
    const action = rule.action as FailureVerdict["action"] & string;
    if (action !== "FailJob") return { action };
    return { action, message: `${why} matching FailJob rule at index ${index}` };
  }
  return {};
}

function reasonToMatch({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { status, metadata } = pod;
  const name = `${metadata.namespace}/${metadata.name}`;
  if (onExitCodes) {
    const container = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
      (one) => exitCodeMatches(one, onExitCodes),
    );
    return (
      container &&
      `Container ${container.name} for pod ${name} failed with exit code ${container.state!.terminated!.exitCode}`
    );
  }
  const condition = status?.conditions?.find((one) =>
    onPodConditions?.some((pattern) => pattern.type === one.type && pattern.status === one.status),
  );
  return condition && `Pod ${name} has condition ${condition.type}`;
}

function exitCodeMatches(
  { name, state }: ContainerStatus,
  { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement,
): boolean {
  const exitCode = state?.terminated?.exitCode ?? 0;
  if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false;
  return values.includes(exitCode) === (operator === "In");
}
