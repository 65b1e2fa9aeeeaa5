import { errorMessage, type Logger } from "../../../base/index.ts";
import type { CriContainerStatus, CriRuntimeService, LinuxContainerResources } from "../../../cri/types.ts";
import type { Container, Pod } from "../../api/index.ts";
import { isMirrorPod } from "../../api/index.ts";
import { containerResources, podRequests, podResources } from "../containers/resources.ts";
import { podLogName } from "../naming.ts";
import type { Allocatable, Rejection } from "../pods/admission.ts";
import type { PodActions } from "../pods/pod-actions.ts";
import type { PodMemory } from "../pods/pod-memory.ts";
import { isRunning, latestOf, type PodRuntimeState } from "../pods/runtime-state.ts";
import { resizableContainers } from "./pod-allocation.ts";
import { largerLimits } from "./pod-limits.ts";
import type { ResizeState } from "./resize-state.ts";
import type { ResizeView } from "./resize-view.ts";
import { changedResources, resizeNeedsRestart } from "./resource-change.ts";

export interface PodResizerOptions {
  runtime: CriRuntimeService;
  allocatable: Allocatable;
  /** Whether the node takes the pod, as its spec is, beside all others. */
  admit: (pod: Pod) => Rejection | undefined;
  /** A container that is given other resources has another try. */
  resetBackOff: (pod: Pod, container: Container) => void;
  nodeMemoryBytes: number;
  logger: Logger;
}

interface Update {
  container: Container;
  status: CriContainerStatus;
}

/** Changes processor time and memory of pods that run (the rules of upstream's in-place pod vertical scaling). */
export class PodResizer {
  readonly #options: PodResizerOptions;

  constructor(options: PodResizerOptions) {
    this.#options = options;
  }

  /** The pod with the resources that it has: those that it asks for, once the node has promised them. */
  async allocate(pod: Pod, { allocation, resize }: PodMemory, state: PodRuntimeState): Promise<Pod> {
    allocation.observe(pod, state);
    const allocated = allocation.of(pod);
    resize.pending = undefined;
    if (allocated === pod) return pod;
    resize.pending = this.#refusal(pod);
    if (resize.pending) return allocated;
    await allocation.accept(pod);
    resize.error = undefined;
    for (const container of resizableContainers(allocated)) {
      const wanted = resizableContainers(pod).find(({ name }) => name === container.name)!;
      if (changedResources(wanted.resources ?? {}, container.resources ?? {}).length > 0)
        this.#options.resetBackOff(pod, container);
    }
    return pod;
  }

  #refusal(pod: Pod): ResizeState["pending"] {
    const { allocatable, admit } = this.#options;
    const infeasible = (message: string) => ({ reason: "Infeasible" as const, message });
    if (isMirrorPod(pod)) return infeasible("In-place resize of static-pods is not supported");
    const { cpuMilli, memoryBytes } = podRequests(pod);
    const tooMuch = (what: string, requested: number, capacity: number) =>
      infeasible(`Node didn't have enough capacity: ${what}, requested: ${requested}, capacity: ${capacity}`);
    if (memoryBytes > allocatable.memoryBytes) return tooMuch("memory", memoryBytes, allocatable.memoryBytes);
    if (cpuMilli > allocatable.cpuMilli) return tooMuch("cpu", cpuMilli, allocatable.cpuMilli);
    const rejection = admit(pod);
    return rejection && { reason: "Deferred", message: rejection.message };
  }

  viewOf({ allocation }: PodMemory): ResizeView {
    return {
      needsRestart: (container, status) => {
        const given = allocation.actuatedOf(status);
        return given !== undefined && resizeNeedsRestart(container, given);
      },
    };
  }

  /** Notes how far the pod (with what it was promised) is. */
  note(pod: Pod, memory: PodMemory, state: PodRuntimeState): void {
    memory.resize.isInProgress = memory.resize.isPodDue || updatesOf(pod, memory, state).length > 0;
    if (!memory.resize.isInProgress) memory.resize.error = undefined;
  }

  /**
   * Gives running containers what the pod was promised. What fails is told and tried again later. The pod as a whole never
   * has less than its containers: it grows before them, and shrinks after.
   */
  async actuate(pod: Pod, memory: PodMemory, state: PodRuntimeState, actions: PodActions): Promise<void> {
    const { resize } = memory;
    if (actions.containersToKill.some(({ reason }) => reason === "resize")) resize.isPodDue = true;
    const killed = new Set(actions.containersToKill.map(({ id }) => id));
    const updates = updatesOf(pod, memory, state).filter(({ status }) => !killed.has(status.id));
    if (!actions.sandbox || (updates.length === 0 && !resize.isPodDue)) return;
    resize.isPodDue = true;
    try {
      const limits = podResources(pod);
      const before = podResources(withActuated(pod, memory, state));
      await this.#limitPod(actions.sandbox.id, largerLimits(before, limits));
      for (const update of updates) await this.#updateContainer(pod, memory, state, update);
      await this.#limitPod(actions.sandbox.id, limits);
      resize.isPodDue = false;
      resize.error = undefined;
    } catch (error) {
      resize.error = errorMessage(error);
      this.#options.logger.warn("a pod was not resized, will retry", {
        pod: podLogName(pod),
        error: resize.error,
      });
    }
  }

  #limitPod(sandboxId: string, limits: LinuxContainerResources): Promise<void> {
    return this.#options.runtime.updatePodSandboxResources(sandboxId, limits);
  }

  async #updateContainer(
    pod: Pod,
    { allocation }: PodMemory,
    state: PodRuntimeState,
    { container, status }: Update,
  ): Promise<void> {
    const { runtime, nodeMemoryBytes } = this.#options;
    // It is made with its score of whom the kernel kills first, and keeps that.
    const { oomScoreAdj: _, ...limits } = containerResources(pod, container, nodeMemoryBytes);
    await runtime.updateContainerResources(status.id, limits);
    await allocation.setActuated(status.id, container.resources ?? {}, state);
  }
}

/** Running containers that have something else than they are promised. */
function updatesOf(pod: Pod, { allocation }: PodMemory, state: PodRuntimeState): Update[] {
  return resizableContainers(pod).flatMap((container) => {
    const status = latestOf(state, container.name);
    if (!status || !isRunning(status)) return [];
    const given = allocation.actuatedOf(status);
    if (!given || changedResources(container.resources ?? {}, given).length === 0) return [];
    return [{ container, status }];
  });
}

/** The pod as it runs. */
function withActuated(pod: Pod, { allocation }: PodMemory, state: PodRuntimeState): Pod {
  const given = (container: Container): Container => {
    const status = latestOf(state, container.name);
    const resources = status && isRunning(status) ? allocation.actuatedOf(status) : undefined;
    return resources ? { ...container, resources } : container;
  };
  const { containers, initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: containers.map(given),
      ...(initContainers ? { initContainers: initContainers.map(given) } : {}),
    },
  };
}
