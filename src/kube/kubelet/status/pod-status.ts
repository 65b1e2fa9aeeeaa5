import { rfc3339Seconds } from "../../../base/index.ts";
import { qosClassOf } from "../containers/resources.ts";
import type { Pod, PodStatus } from "../pod-types.ts";
import { readySandbox } from "../pods/runtime-state.ts";
import { type ContainerStatusInput, containerStatuses } from "./container-statuses.ts";
import { podConditions } from "./pod-conditions.ts";
import { podPhase } from "./pod-phase.ts";

export interface PodStatusInput extends ContainerStatusInput {
  /** As last published (or as found at the start). */
  previous: PodStatus;
  hostIp: string;
  nowMs: number;
  /** Why the pod as a whole has failed: deadline, rejection, eviction. */
  failure?: { reason: string; message: string };
}

/** The pod's status from what the runtime has, as upstream's kubelet would write it. A pure function. */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous, state, nowMs } = input;
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const initStatuses = containerStatuses(input, initContainers, previous.initContainerStatuses, true);
  const statuses = containerStatuses(input, containers, previous.containerStatuses, false);
  const phase = input.failure
    ? "Failed"
    : (keptPhase(previous) ?? podPhase(pod, initStatuses, statuses, input.isFinal));
  const now = rfc3339Seconds(nowMs);
  const status: PodStatus = {
    phase,
    conditions: podConditions({
      pod,
      phase,
      initStatuses,
      statuses,
      hasSandbox: readySandbox(state) !== undefined,
      previous: previous.conditions ?? [],
      now,
    }),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...addresses(input),
    startTime: previous.startTime ?? now,
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    ...(ephemeralContainers.length > 0
      ? {
          ephemeralContainerStatuses: containerStatuses(
            input,
            ephemeralContainers,
            previous.ephemeralContainerStatuses,
            false,
          ),
        }
      : {}),
    qosClass: previous.qosClass ?? qosClassOf(pod),
  };
  const { reason, message } = input.failure ?? previous;
  if (reason !== undefined) status.reason = reason;
  if (message !== undefined) status.message = message;
  return status;
}

/** A pod that has ended never lives again. */
function keptPhase(previous: PodStatus): PodStatus["phase"] | undefined {
  return previous.phase === "Failed" || previous.phase === "Succeeded" ? previous.phase : undefined;
}

/** The address that the pod has, or last had. */
function addresses({ pod, state, previous, hostIp }: PodStatusInput): Pick<PodStatus, "podIP" | "podIPs"> {
  const ip = pod.spec.hostNetwork
    ? state.sandboxes.length > 0
      ? hostIp
      : ""
    : (state.sandboxes[0]?.ip ?? "");
  if (ip !== "") return { podIP: ip, podIPs: [{ ip }] };
  if (previous.podIP === undefined) return {};
  return { podIP: previous.podIP, podIPs: previous.podIPs ?? [{ ip: previous.podIP }] };
}

export function isTerminalPhase(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
