import type { ContainerStatus, Pod } from "../../api/index.ts";
import { timeMs } from "../../api/index.ts";

/**
 * When the pod ended, wall-clock milliseconds: when its last container did, else when it ceased to be ready, else when it was
 * deleted, else when it was made (getFinishedTime).
 */
export function finishTimeMs(pod: Pod): number {
  return (
    containersEndedMs(pod) ?? unreadySinceMs(pod) ?? deletedMs(pod) ?? timeMs(pod.metadata.creationTimestamp)
  );
}

function containersEndedMs({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always").map(({ name }) => name),
  );
  const ofSidecars = (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  return lastEnd(ofSidecars, lastEnd(status?.containerStatuses ?? [], undefined));
}

/** The last of the ends and the one given; undefined while one of the containers runs. */
function lastEnd(statuses: readonly ContainerStatus[], endedMs: number | undefined): number | undefined {
  let lastMs = endedMs;
  for (const { state } of statuses) {
    if (!state?.terminated?.finishedAt) return undefined;
    lastMs = Math.max(lastMs ?? 0, timeMs(state.terminated.finishedAt));
  }
  return lastMs;
}

function unreadySinceMs({ status }: Pod): number | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "False" && ready.lastTransitionTime ? timeMs(ready.lastTransitionTime) : undefined;
}

function deletedMs({ metadata }: Pod): number | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return timeMs(metadata.deletionTimestamp) - Number(metadata.deletionGracePeriodSeconds ?? 0) * 1000;
}
