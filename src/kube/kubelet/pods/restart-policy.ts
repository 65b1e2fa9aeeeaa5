import type { CriContainerStatus } from "../../../cri/types.ts";
import type { Pod } from "../../api/index.ts";

export type RestartPolicy = "Always" | "OnFailure" | "Never";

export function restartPolicyOf(pod: Pod): RestartPolicy {
  return (pod.spec.restartPolicy ?? "Always") as RestartPolicy;
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
