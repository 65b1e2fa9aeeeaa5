import type { ContainerState, ContainerStatus, Pod } from "../../api/index.ts";
import { isSidecar } from "../naming.ts";

/** Exit code of what was lost without one (128 + SIGKILL). */
const LOST_EXIT_CODE = 137;

/** The state of a container that ran, or was to run, and of which nothing is known any more. */
export function lostState(message: string): ContainerState {
  return {
    terminated: {
      exitCode: LOST_EXIT_CODE,
      reason: "ContainerStatusUnknown",
      message,
    },
  };
}

export interface PodContainerStatuses {
  initStatuses: ContainerStatus[];
  statuses: ContainerStatus[];
}

/**
 * The statuses of a pod of which nothing runs any more: where no end is known, it counts as a bad one, so that nobody takes
 * the pod for one that has done its work (upstream's TerminatePod). What an uninitialized pod never came to stays as it is.
 */
export function withLostContainers(pod: Pod, seen: PodContainerStatuses): PodContainerStatuses {
  const begun = seen.initStatuses.findLastIndex(
    ({ state, lastState }) => !state?.waiting || lastState?.terminated,
  );
  return {
    // The first one always counts.
    initStatuses: seen.initStatuses.map((status, index) =>
      index <= Math.max(0, begun) ? ended(status) : status,
    ),
    statuses: hasInitialized(pod, seen) ? seen.statuses.map(ended) : seen.statuses,
  };
}

function ended(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated) return status;
  return { ...status, state: lostState("The container could not be located when the pod was terminated") };
}

function hasInitialized(pod: Pod, { initStatuses, statuses }: PodContainerStatuses): boolean {
  const last = pod.spec.initContainers?.at(-1);
  if (!last) return true;
  if (statuses.some(({ state, lastState }) => lastState?.terminated || state?.running || state?.terminated))
    return true;
  const status = initStatuses.find(({ name }) => name === last.name);
  if (isSidecar(last)) return status?.state?.running !== undefined && status.started === true;
  return [status?.state, status?.lastState].some((state) => state?.terminated?.exitCode === 0);
}
