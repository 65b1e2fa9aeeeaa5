import { rfc3339Seconds } from "../../../base/index.ts";
import type { Pod, PodStatus } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import { qosClassOf } from "../containers/resources.ts";
import { readySandbox } from "../pods/runtime-state.ts";
import { type ContainerStatusInput, containerStatuses, initContainerStatuses } from "./container-statuses.ts";
import { withLostContainers } from "./lost-containers.ts";
import { isKubeletCondition, type PodResizeCondition, podConditions } from "./pod-conditions.ts";
import { podPhase } from "./pod-phase.ts";

export interface PodStatusInput extends ContainerStatusInput {
  /** As last published (or as found at the start). */
  previous: PodStatus;
  hostIp: string;
  nowMs: number;
  resizeConditions?: readonly PodResizeCondition[];
  /** Why the pod as a whole has failed: deadline, eviction. */
  failure?: PodFailure;
}

export interface PodFailure {
  reason: string;
  message: string;
  /** The node ended the pod, for no fault of its own: told by its condition DisruptionTarget, together with its end. */
  isDisruption?: boolean;
}

/**
 * The pod's status from what the runtime has, as upstream's kubelet would write it. A pure function. Its phase is what the
 * pod comes to, also while containers still run that are to be ended: `toldStatus` says what may be told of it.
 */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous, state, nowMs } = input;
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const seen = {
    initStatuses: initContainerStatuses(input, initContainers, previous.initContainerStatuses),
    statuses: containerStatuses(input, containers, previous.containerStatuses),
  };
  const { initStatuses, statuses } = input.isFinal ? withLostContainers(pod, seen) : seen;
  const phase =
    keptPhase(previous) ?? (input.failure ? "Failed" : podPhase(pod, initStatuses, statuses, input.isFinal));
  const now = rfc3339Seconds(nowMs);
  const status: PodStatus = {
    phase,
    conditions: podConditions({
      pod,
      disruption: input.isFinal && input.failure?.isDisruption ? input.failure.message : undefined,
      phase,
      initStatuses,
      statuses,
      resizes: input.resizeConditions ?? [],
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
          ),
        }
      : {}),
    qosClass: previous.qosClass ?? qosClassOf(pod),
  };
  const failure = keptPhase(previous) ? undefined : input.failure;
  const { reason, message } = failure ?? previous;
  if (reason !== undefined) status.reason = reason;
  if (message !== undefined) status.message = message;
  return status;
}

/**
 * What may be told of a pod while its containers may still run. Others act on a terminal phase: they start another pod in its
 * place, give its addresses, ports and devices away, take its work for done. Until nothing runs any more the phase stays as it
 * was; that the pod is not ready any more is told at once (upstream's mergePodStatus).
 */
export function toldStatus(status: PodStatus, previous: PodStatus): PodStatus {
  if (!isPodPhaseTerminal(status.phase) || isPodPhaseTerminal(previous.phase)) return status;
  const { reason: _reason, message: _message, ...rest } = status;
  return {
    ...rest,
    phase: previous.phase ?? "Pending",
    ...(previous.reason === undefined ? {} : { reason: previous.reason }),
    ...(previous.message === undefined ? {} : { message: previous.message }),
  };
}

/** The status of a pod that the node did not take in: nothing of it ever ran here. */
export function rejectedStatus(
  pod: Pod,
  previous: PodStatus,
  rejection: PodFailure,
  nowMs: number,
): PodStatus {
  return {
    phase: "Failed",
    conditions: (previous.conditions ?? []).filter(({ type }) => !isKubeletCondition(type)),
    startTime: previous.startTime ?? rfc3339Seconds(nowMs),
    qosClass: previous.qosClass ?? qosClassOf(pod),
    reason: rejection.reason,
    message: rejection.message,
  };
}

/** A pod that has ended never lives again. */
function keptPhase({ phase }: PodStatus): string | undefined {
  return isPodPhaseTerminal(phase) ? phase : undefined;
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
