import type { Clock } from "../../../base/index.ts";
import type { Pod, PodStatus } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import type { PodMemory } from "../pods/pod-memory.ts";
import type { PodRuntimeState } from "../pods/runtime-state.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import { resizeConditions } from "../resize/resize-state.ts";
import { isKubeletCondition } from "./pod-conditions.ts";
import { type PodFailure, podStatus, rejectedStatus, toldStatus } from "./pod-status.ts";
import type { StatusManager } from "./status-manager.ts";

export interface StatusPublisherOptions {
  statuses: StatusManager;
  probes: ProbeManager;
  hostIp: string;
  clock: Clock;
}

/** Turns what is seen of a pod into its status, and has it written when it differs. */
export class StatusPublisher {
  readonly #options: StatusPublisherOptions;

  constructor(options: StatusPublisherOptions) {
    this.#options = options;
  }

  /** Of a pod whose containers may run. Returns what the pod comes to, which may be more than can be told yet. */
  publish(pod: Pod, memory: PodMemory, state: PodRuntimeState): PodStatus {
    const status = this.#statusOf(pod, memory, state, { isFinal: false });
    this.#options.statuses.set(pod, toldStatus(status, this.#previous(pod)));
    return status;
  }

  /** Of a pod of which nothing runs any more, nor ever will. */
  publishEnded(pod: Pod, memory: PodMemory, state: PodRuntimeState): void {
    this.#options.statuses.set(pod, this.#statusOf(pod, memory, state, { isFinal: true }));
  }

  publishRejected(pod: Pod, rejection: PodFailure): void {
    const { statuses, clock } = this.#options;
    statuses.set(pod, rejectedStatus(pod, this.#previous(pod), rejection, clock.nowMs()));
  }

  #statusOf(
    pod: Pod,
    memory: PodMemory,
    state: PodRuntimeState,
    { isFinal }: { isFinal: boolean },
  ): PodStatus {
    const { probes, hostIp, clock } = this.#options;
    return podStatus({
      pod,
      state,
      isFinal,
      previous: this.#previous(pod),
      hostIp,
      nowMs: clock.nowMs(),
      ...(memory.failure ? { failure: memory.failure } : {}),
      waitingReason: (name) => memory.waitingReasons.get(name),
      terminationMessage: (container) => memory.terminationMessage(container),
      readiness: (id) => probes.readiness(id),
      startup: (id) => probes.startup(id),
      resources: (container) => memory.allocation.actuatedOf(container),
      resizeConditions: resizeConditions(memory.resize),
    });
  }

  /** Restarts that have been told to the API. */
  restartsBefore(pod: Pod, containerName: string): number | undefined {
    const status = this.#previous(pod);
    const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
    const found = all.find(({ name, containerID }) => name === containerName && containerID !== undefined);
    return found?.restartCount;
  }

  /** What the kubelet has last told. Others' conditions, and an end that others have told, are as the API has them now. */
  #previous(pod: Pod): PodStatus {
    const told = this.#options.statuses.statusOf(pod);
    const { phase, reason, message } = pod.status ?? {};
    const own = isPodPhaseTerminal(phase) ? { ...told, phase, reason, message } : told;
    const fromApi = pod.status?.conditions ?? [];
    const conditions = [
      ...(own.conditions ?? []).filter(({ type }) => isKubeletCondition(type)),
      ...fromApi.filter(({ type }) => !isKubeletCondition(type)),
    ];
    return { ...own, conditions };
  }
}
