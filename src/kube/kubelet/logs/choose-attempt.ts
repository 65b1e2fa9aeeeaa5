import type { CriContainerStatus } from "../../../cri/types.ts";
import { statusBadRequest } from "../../api/index.ts";

/**
 * Which attempt's log is meant. Throws BadRequest with upstream's messages when there is none.
 * `waitingReason`: why the container is not running, if it waits.
 */
export function chooseAttempt(
  attempts: readonly CriContainerStatus[],
  target: { container: string; podName: string; previous: boolean; waitingReason: string | undefined },
): CriContainerStatus {
  const { container, podName, previous, waitingReason } = target;
  const where = `container "${container}" in pod "${podName}"`;
  const begun = attempts.filter(
    ({ state, startedAtNs }) => state === "RUNNING" || (state === "EXITED" && startedAtNs > 0n),
  );
  const [latest, before] = begun;
  if (previous) {
    // One that waits to be restarted has its last life behind it.
    const chosen = waitingReason !== undefined && latest?.state === "EXITED" ? latest : before;
    if (!chosen) throw statusBadRequest(`previous terminated ${where} not found`);
    return chosen;
  }
  if (latest) return latest;
  throw statusBadRequest(waitingMessage(where, waitingReason));
}

function waitingMessage(where: string, reason: string | undefined): string {
  if (reason === "ErrImagePull") return `${where} is waiting to start: image can't be pulled`;
  if (reason === "ImagePullBackOff") return `${where} is waiting to start: trying and failing to pull image`;
  if (reason === undefined) return `${where} is waiting to start - no logs yet`;
  return `${where} is waiting to start: ${reason}`;
}
