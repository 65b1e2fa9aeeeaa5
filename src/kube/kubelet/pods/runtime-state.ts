import type { CriContainerStatus, CriRuntimeService, PodSandboxStatus } from "../../../cri/types.ts";
import { Label } from "../naming.ts";

/** What the runtime has of one pod, newest first. */
export interface PodRuntimeState {
  sandboxes: PodSandboxStatus[];
  containers: CriContainerStatus[];
}

export const NO_RUNTIME_STATE: PodRuntimeState = { sandboxes: [], containers: [] };

export async function readRuntimeState(runtime: CriRuntimeService, podUid: string): Promise<PodRuntimeState> {
  const labels = { [Label.podUid]: podUid };
  const [sandboxes, containers] = await Promise.all([
    runtime.listPodSandboxes({ labels }),
    runtime.listContainers({ labels }),
  ]);
  return {
    sandboxes: sandboxes.sort((a, b) => b.metadata.attempt - a.metadata.attempt || newestFirst(a, b)),
    containers: containers.sort(newestFirst),
  };
}

function newestFirst(a: { createdAtNs: bigint }, b: { createdAtNs: bigint }): number {
  return a.createdAtNs < b.createdAtNs ? 1 : a.createdAtNs > b.createdAtNs ? -1 : 0;
}

export function nameOf(container: CriContainerStatus): string {
  return container.metadata.name;
}

/** The newest attempt of a container, whichever its sandbox. */
export function latestOf(state: PodRuntimeState, name: string): CriContainerStatus | undefined {
  return attemptsOf(state, name)[0];
}

/** All attempts that are kept of a container: by attempt, because two may be made in one millisecond. */
export function attemptsOf(state: PodRuntimeState, name: string): CriContainerStatus[] {
  return state.containers
    .filter((container) => nameOf(container) === name)
    .sort((a, b) => b.metadata.attempt - a.metadata.attempt);
}

/** The sandbox in which containers may be started. */
export function readySandbox(state: PodRuntimeState): PodSandboxStatus | undefined {
  return state.sandboxes.find((sandbox) => sandbox.state === "READY");
}

export function isRunning(container: CriContainerStatus | undefined): boolean {
  return container?.state === "RUNNING";
}

export function runningContainers(state: PodRuntimeState): CriContainerStatus[] {
  return state.containers.filter(isRunning);
}

export function hasSucceeded(container: CriContainerStatus | undefined): boolean {
  return container?.state === "EXITED" && container.exitCode === 0;
}
