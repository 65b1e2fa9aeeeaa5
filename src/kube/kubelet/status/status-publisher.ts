import type { Clock } from "../../../base/index.ts";
import type { Pod, PodStatus } from "../pod-types.ts";
import type { PodMemory } from "../pods/pod-memory.ts";
import type { PodRuntimeState } from "../pods/runtime-state.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import { isKubeletCondition } from "./pod-conditions.ts";
import { podStatus } from "./pod-status.ts";
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

  publish(pod: Pod, memory: PodMemory, state: PodRuntimeState, isFinal = false): PodStatus {
    const { statuses, probes, hostIp, clock } = this.#options;
    const status = podStatus({
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
    });
    statuses.set(pod, status);
    return status;
  }

  /** Restarts that have been told to the API. */
  restartsBefore(pod: Pod, containerName: string): number | undefined {
    const status = this.#previous(pod);
    const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
    const found = all.find(({ name, containerID }) => name === containerName && containerID !== undefined);
    return found?.restartCount;
  }

  /** The kubelet's own conditions as it has last decided them, others' as the API has them now. */
  #previous(pod: Pod): PodStatus {
    const own = this.#options.statuses.statusOf(pod);
    const fromApi = pod.status?.conditions ?? [];
    const conditions = [
      ...(own.conditions ?? []).filter(({ type }) => isKubeletCondition(type)),
      ...fromApi.filter(({ type }) => !isKubeletCondition(type)),
    ];
    return { ...own, conditions };
  }
}
