import type { CriContainerStatus } from "../../../cri/types.ts";
import type { Pod } from "../pod-types.ts";

export function restartPolicyOf(pod: Pod): "Always" | "OnFailure" | "Never" {
  return pod.spec.restartPolicy ?? "Always";
}

/** Whether a container that does not run is to be started. */
export function shouldStart(pod: Pod, status: CriContainerStatus | undefined): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  if (!status) return true;
  if (status.state !== "EXITED") return status.state !== "RUNNING";
  const policy = restartPolicyOf(pod);
  if (policy === "Never") return false;
  return policy === "Always" || status.exitCode !== 0;
}
