import type { ContainerStatus, Pod } from "../../api/index.ts";
import { isPodPhaseTerminal } from "../../api/index.ts";
import { isSidecar } from "../naming.ts";
import { restartPolicyOf } from "../pods/restart-policy.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

/**
 * Where a pod stands in its life, from its containers (upstream's getPhase). `isFinal`: none of them can run any more; then
 * the phase is a terminal one.
 */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isFinal: boolean,
): PodPhase {
  const phase = phaseOf(pod, initStatuses, statuses, isFinal);
  return isFinal && !isPodPhaseTerminal(phase) ? "Failed" : phase;
}

function phaseOf(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isFinal: boolean,
): PodPhase {
  const init = countInit(pod, initStatuses);
  const sidecars = countSidecars(pod, initStatuses);
  const main = countMain(pod, statuses);
  const policy = restartPolicyOf(pod);
  if (init.failed > 0 && policy === "Never") return "Failed";
  if (init.pending + init.failed > 0) return "Pending";
  // Sidecars that start again do not make a pod pending whose containers have run.
  const hasRun = main.running + main.stopped > 0;
  if (sidecars.pending > 0 && !hasRun) return "Pending";
  if (main.waiting + sidecars.waiting > 0) return "Pending";
  if (main.unknown + sidecars.unknown > 0) return "Pending";
  // A sidecar that runs beside containers that have ended is about to be ended, too; until then the pod lives.
  if (main.running + sidecars.running > 0) return "Running";
  if (main.stopped === 0) return "Pending";
  const hasSucceeded = main.stopped === main.succeeded;
  if (isFinal) return hasSucceeded ? "Succeeded" : "Failed";
  if (policy === "Always") return "Running";
  if (hasSucceeded) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function statusOf(statuses: readonly ContainerStatus[], name: string): ContainerStatus | undefined {
  return statuses.find((status) => status.name === name);
}

/** Init containers that run to their end. */
function countInit(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { pending: 0, failed: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const { state, lastState } = statusOf(statuses, container.name) ?? {};
    const terminated = state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined);
    if (!terminated) counts.pending++;
    else if (terminated.exitCode !== 0) counts.failed++;
    else if (state?.waiting) counts.pending++;
  }
  return counts;
}

/** Of those that have ended nothing is counted: they have no part in how the pod ends. */
function countSidecars(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { pending: 0, running: 0, waiting: 0, unknown: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    if (!isSidecar(container)) continue;
    const { state, lastState, started } = statusOf(statuses, container.name) ?? {};
    if (state?.running) {
      counts.running++;
      if (!started) counts.pending++;
    } else if (state?.waiting) {
      if (lastState?.terminated) continue;
      counts.pending++;
      counts.waiting++;
    } else if (!state?.terminated) {
      counts.pending++;
      counts.unknown++;
    }
  }
  return counts;
}

function countMain(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, unknown: 0 };
  for (const container of pod.spec.containers) {
    const { state, lastState } = statusOf(statuses, container.name) ?? {};
    if (state?.running) counts.running++;
    else if (state?.terminated) {
      counts.stopped++;
      if (state.terminated.exitCode === 0) counts.succeeded++;
    } else if (state?.waiting) {
      if (lastState?.terminated) counts.stopped++;
      else counts.waiting++;
    } else counts.unknown++;
  }
  return counts;
}
