import { rfc3339Seconds } from "../../../base/index.ts";
import type { CriContainerStatus } from "../../../cri/types.ts";
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  ResourceRequirements,
} from "../../api/index.ts";
import { volumeMountStatuses } from "../containers/recursive-read-only.ts";
import { containerUri, isSidecar } from "../naming.ts";
import { shouldStart } from "../pods/restart-policy.ts";
import { attemptsOf, type PodRuntimeState } from "../pods/runtime-state.ts";
import type { ProbeOutcome } from "../probes/probe-view.ts";
import { lostState } from "./lost-containers.ts";

export interface WaitingReason {
  reason: string;
  message: string;
}

export interface ContainerStatusInput {
  pod: Pod;
  state: PodRuntimeState;
  /** The pod's containers have all ended for good: none runs, and none will be started any more. */
  isFinal: boolean;
  /** Why a container was not (re)started at the last try. */
  waitingReason: (containerName: string) => WaitingReason | undefined;
  terminationMessage: (container: CriContainerStatus) => string;
  readiness: (containerId: string) => ProbeOutcome | undefined;
  startup: (containerId: string) => ProbeOutcome | undefined;
  /** What a container runs with, where that is known. */
  resources: (container: CriContainerStatus) => ResourceRequirements | undefined;
}

export function containerStatuses(
  input: ContainerStatusInput,
  containers: readonly Container[],
  previous: readonly ContainerStatus[] = [],
): ContainerStatus[] {
  const statuses = containers.map((container) =>
    containerStatus(input, container, previousOf(container, previous)),
  );
  // By name, as clients have always found them.
  return statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In the order in which they run. */
export function initContainerStatuses(
  input: ContainerStatusInput,
  containers: readonly Container[],
  previous: readonly ContainerStatus[] = [],
): ContainerStatus[] {
  return containers.map((container) => {
    const status = containerStatus(input, container, previousOf(container, previous));
    const isKnown = attemptsOf(input.state, container.name).length > 0;
    if (isSidecar(container) || !isKnown) return status;
    // Such a container is ready when it has done its work.
    return { ...status, ready: status.state?.terminated?.exitCode === 0 };
  });
}

function previousOf({ name }: Container, previous: readonly ContainerStatus[]): ContainerStatus | undefined {
  return previous.find((status) => status.name === name);
}

function containerStatus(
  input: ContainerStatusInput,
  container: Container,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const [latest, ...older] = attemptsOf(input.state, container.name);
  if (!latest) return notFound(input, container, previous);
  const status: ContainerStatus = {
    name: container.name,
    state: stateOf(latest, input),
    lastState: lastState(older, input, previous),
    ready: false,
    restartCount: latest.metadata.attempt,
    image: latest.image,
    imageID: latest.imageRef,
    containerID: containerUri(latest.id),
    started: false,
    resources: container.resources ?? {},
    ...(container.resources?.requests ? { allocatedResources: container.resources.requests } : {}),
    ...volumeMountStatuses(container),
  };
  if (latest.state === "CREATED") status.state = { waiting: { reason: defaultWaitingReason(input.pod) } };
  const waiting = input.waitingReason(container.name);
  if (
    waiting &&
    latest.state !== "RUNNING" &&
    !input.isFinal &&
    willStartAgain(input.pod, container, latest)
  ) {
    if (status.state?.terminated) status.lastState = status.state;
    status.state = { waiting };
  }
  if (latest.state === "RUNNING") addRunningFields(status, container, latest, input);
  return status;
}

function addRunningFields(
  status: ContainerStatus,
  container: Container,
  latest: CriContainerStatus,
  input: ContainerStatusInput,
): void {
  const started = !container.startupProbe || input.startup(latest.id) === "success";
  status.started = started;
  status.ready = started && (!container.readinessProbe || input.readiness(latest.id) === "success");
  status.resources = { ...container.resources, ...input.resources(latest) };
}

/** An init container runs again only while the pod is not initialized, but then its reason to wait is set, too. */
function willStartAgain(pod: Pod, container: Container, latest: CriContainerStatus): boolean {
  return isSidecar(container) || shouldStart(pod, latest);
}

/** The runtime does not know it: it was never started, or its record was cleaned up. */
function notFound(
  input: ContainerStatusInput,
  container: Container,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const status: ContainerStatus = {
    name: container.name,
    state: { waiting: input.waitingReason(container.name) ?? { reason: defaultWaitingReason(input.pod) } },
    lastState: {},
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    image: container.image ?? "",
    imageID: "",
    started: false,
    ...volumeMountStatuses(container),
  };
  if (!previous) return status;
  if (previous.state?.terminated) {
    return { ...previous, started: false, ready: previous.state.terminated.exitCode === 0 && previous.ready };
  }
  if (!previous.state?.running) return { ...status, lastState: previous.lastState ?? {} };
  if (input.isFinal) {
    const state = lostState("The container could not be located when the pod was terminated");
    return { ...previous, state, ready: false, started: false };
  }
  const message =
    "The container could not be located when the pod was deleted.  The container used to be Running";
  return { ...status, lastState: lostState(message) };
}

function defaultWaitingReason(pod: Pod): string {
  return (pod.spec.initContainers?.length ?? 0) > 0 ? "PodInitializing" : "ContainerCreating";
}

function lastState(
  older: CriContainerStatus[],
  input: ContainerStatusInput,
  previous: ContainerStatus | undefined,
): ContainerState {
  const before = older.find((status) => status.state === "EXITED");
  if (before) return stateOf(before, input);
  // The earlier attempt's record is gone, but what was told of it stays true.
  return previous?.lastState ?? {};
}

function stateOf(status: CriContainerStatus, input: ContainerStatusInput): ContainerState {
  if (status.state === "RUNNING") return { running: timeOf("startedAt", status.startedAtNs) };
  if (status.state !== "EXITED") return {};
  const message = input.terminationMessage(status) || status.message;
  return {
    terminated: {
      exitCode: status.exitCode,
      reason: status.reason,
      ...(message === "" ? {} : { message }),
      ...timeOf("startedAt", status.startedAtNs),
      ...timeOf("finishedAt", status.finishedAtNs),
      containerID: containerUri(status.id),
    },
  };
}

/** `key: time`, where there is one. */
function timeOf<K extends string>(key: K, nanos: bigint): { [key in K]?: string } {
  if (nanos === 0n) return {};
  return { [key]: rfc3339Seconds(Number(nanos / 1_000_000n)) } as { [key in K]?: string };
}
