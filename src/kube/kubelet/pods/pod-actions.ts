import type { PodSandboxStatus } from "../../../cri/types.ts";
import type { Container, Pod } from "../../api/index.ts";
import type { ProbeView } from "../probes/probe-view.ts";
import { NO_RESIZES, type ResizeView } from "../resize/resize-view.ts";
import { type ContainerToKill, killUnknown, reasonToKill } from "./container-kills.ts";
import { initContainerActions } from "./init-container-actions.ts";
import { restartPolicyOf, shouldStart } from "./restart-policy.ts";
import { hasSucceeded, isRunning, latestOf, type PodRuntimeState } from "./runtime-state.ts";

/** What to do to bring the runtime to what the pod asks for. */
export interface PodActions {
  /** Everything that runs is ended first: the sandbox is replaced, or the pod has nothing left to do. */
  killPod: boolean;
  createSandbox: boolean;
  /** Attempt of the sandbox to be made. */
  attempt: number;
  /** The sandbox in use; undefined when one has to be made. */
  sandbox: PodSandboxStatus | undefined;
  initContainersToStart: Container[];
  containersToStart: Container[];
  ephemeralContainersToStart: Container[];
  containersToKill: ContainerToKill[];
}

/** Decides from what is observed, and changes nothing (the rules of upstream's computePodActions). */
export function computePodActions(
  pod: Pod,
  state: PodRuntimeState,
  probes: ProbeView,
  resizes: ResizeView = NO_RESIZES,
): PodActions {
  const current = state.sandboxes[0];
  const mustChange = sandboxMustChange(pod, state);
  const actions: PodActions = {
    killPod: mustChange,
    createSandbox: mustChange,
    attempt: mustChange && current ? current.metadata.attempt + 1 : 0,
    sandbox: mustChange ? undefined : current,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: [],
  };
  if (mustChange) {
    startAnew(pod, state, actions);
    return actions;
  }
  for (const container of pod.spec.ephemeralContainers ?? []) {
    if (!latestOf(state, container.name)) actions.ephemeralContainersToStart.push(container);
  }
  const initialized = initContainerActions(pod, state, probes, actions, resizes);
  if (!initialized || actions.killPod) return actions;
  regularContainerActions(pod, state, probes, actions, resizes);
  return actions;
}

function sandboxMustChange(pod: Pod, state: PodRuntimeState): boolean {
  const [newest, ...older] = state.sandboxes;
  if (newest?.state !== "READY") return true;
  if (older.some((sandbox) => sandbox.state === "READY")) return true;
  const wantsHostNetwork = pod.spec.hostNetwork === true;
  if (wantsHostNetwork !== (newest.namespaceOptions.network === "NODE")) return true;
  return !wantsHostNetwork && newest.ip === "";
}

/** A new sandbox begins with the first init container again, unless the pod has already done its work. */
function startAnew(pod: Pod, state: PodRuntimeState, actions: PodActions): void {
  const policy = restartPolicyOf(pod);
  if (policy === "Never" && actions.attempt !== 0 && state.containers.length > 0) {
    actions.createSandbox = false;
    return;
  }
  const toStart = pod.spec.containers.filter(
    (container) => !(policy === "OnFailure" && hasSucceeded(latestOf(state, container.name))),
  );
  if (toStart.length === 0) {
    actions.createSandbox = false;
    return;
  }
  const firstInit = pod.spec.initContainers?.[0];
  if (firstInit) actions.initContainersToStart.push(firstInit);
  else actions.containersToStart.push(...toStart);
}

function regularContainerActions(
  pod: Pod,
  state: PodRuntimeState,
  probes: ProbeView,
  actions: PodActions,
  resizes: ResizeView,
): void {
  let kept = 0;
  for (const container of pod.spec.containers) {
    const status = latestOf(state, container.name);
    if (!isRunning(status)) {
      if (!shouldStart(pod, status)) continue;
      if (status?.state === "UNKNOWN") actions.containersToKill.push(killUnknown(container, status));
      actions.containersToStart.push(container);
      continue;
    }
    const kill = reasonToKill(container, status!, probes, {
      isRestarted: restartPolicyOf(pod) !== "Never",
      resizes,
    });
    if (!kill) {
      kept++;
      continue;
    }
    actions.containersToKill.push(kill);
    if (kill.reason === "definitionChanged" || kill.reason === "resize" || restartPolicyOf(pod) !== "Never") {
      actions.containersToStart.push(container);
    }
  }
  if (kept === 0 && actions.containersToStart.length === 0) {
    actions.killPod = true;
    // What restarts for ever would otherwise outlive the containers that it serves.
    actions.initContainersToStart = [];
  }
}
