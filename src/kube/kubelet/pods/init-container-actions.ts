import type { CriContainerStatus } from "../../../cri/types.ts";
import type { Container, Pod } from "../../api/index.ts";
import { isSidecar } from "../naming.ts";
import type { ProbeView } from "../probes/probe-view.ts";
import type { ResizeView } from "../resize/resize-view.ts";
import { killUnknown, reasonToKill } from "./container-kills.ts";
import type { PodActions } from "./pod-actions.ts";
import { restartPolicyOf } from "./restart-policy.ts";
import { attemptsOf, hasSucceeded, isRunning, type PodRuntimeState } from "./runtime-state.ts";

/**
 * Walks the init containers in order and adds what has to be done for them. True when the regular containers may run:
 * every init container has succeeded and every sidecar before them has started.
 */
export function initContainerActions(
  pod: Pod,
  state: PodRuntimeState,
  probes: ProbeView,
  actions: PodActions,
  resizes: ResizeView,
): boolean {
  const containers = pod.spec.initContainers ?? [];
  if (containers.length === 0) return true;
  const walk: Walk = {
    pod,
    state,
    probes,
    actions,
    resizes,
    podHasInitialized: regularContainerExists(pod, state),
  };
  let lastStarted = -1;
  for (const [index, container] of containers.entries()) {
    if (statusInSandbox(walk, container.name)) lastStarted = index;
  }
  let mayGoOn = true;
  for (const [index, container] of containers.entries()) {
    if (!mayGoOn && index > lastStarted) break;
    const passed = isSidecar(container)
      ? passSidecar(walk, container)
      : passInitContainer(walk, container, index < lastStarted);
    if (actions.killPod) return false;
    mayGoOn &&= passed;
  }
  return walk.podHasInitialized || mayGoOn;
}

interface Walk {
  pod: Pod;
  state: PodRuntimeState;
  probes: ProbeView;
  actions: PodActions;
  resizes: ResizeView;
  podHasInitialized: boolean;
}

/** What ran in an earlier sandbox does not count: a new sandbox is initialized from the start. */
function statusInSandbox({ state, actions }: Pick<Walk, "state" | "actions">, name: string) {
  return attemptsOf(state, name).find((status) => status.podSandboxId === actions.sandbox?.id);
}

function regularContainerExists(pod: Pod, state: PodRuntimeState): boolean {
  const sandboxId = state.sandboxes[0]?.id;
  return pod.spec.containers.some(({ name }) =>
    attemptsOf(state, name).some((status) => status.podSandboxId === sandboxId && status.state !== "UNKNOWN"),
  );
}

/** Whether what comes after this init container may begin. */
function passInitContainer(walk: Walk, container: Container, laterOnesStarted: boolean): boolean {
  const status = statusInSandbox(walk, container.name);
  // The record of one that succeeded may be gone already; a later one that was started says as much.
  if (walk.podHasInitialized || laterOnesStarted || hasSucceeded(status)) return true;
  if (!status) {
    walk.actions.initContainersToStart.push(container);
    return false;
  }
  if (status.state === "RUNNING") return false;
  if (status.state === "UNKNOWN") walk.actions.containersToKill.push(killUnknown(container, status));
  if (status.state === "EXITED" && restartPolicyOf(walk.pod) === "Never") {
    walk.actions.killPod = true;
    walk.actions.initContainersToStart = [];
    return false;
  }
  walk.actions.initContainersToStart.push(container);
  return false;
}

/** A sidecar runs as long as the pod, whatever the pod's restart policy; what follows waits until it has started. */
function passSidecar(walk: Walk, container: Container): boolean {
  const status = statusInSandbox(walk, container.name);
  if (!isRunning(status)) {
    if (status?.state === "UNKNOWN") walk.actions.containersToKill.push(killUnknown(container, status));
    if (!walk.podHasInitialized || sidecarStillNeeded(walk))
      walk.actions.initContainersToStart.push(container);
    return false;
  }
  const kill = reasonToKill(container, status!, walk.probes, { isRestarted: true, resizes: walk.resizes });
  if (kill) {
    walk.actions.containersToKill.push(kill);
    walk.actions.initContainersToStart.push(container);
    return false;
  }
  return hasStarted(walk.probes, container, status!);
}

function hasStarted(probes: ProbeView, container: Container, status: CriContainerStatus): boolean {
  return !container.startupProbe || probes.startup(status.id) === "success";
}

/** Not once all regular containers have ended for good. */
function sidecarStillNeeded({ pod, state }: Walk): boolean {
  const policy = restartPolicyOf(pod);
  return pod.spec.containers.some(({ name }) => {
    const status = attemptsOf(state, name)[0];
    if (status?.state !== "EXITED") return true;
    return policy === "Always" || (policy === "OnFailure" && status.exitCode !== 0);
  });
}
