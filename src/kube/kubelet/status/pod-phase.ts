import { isSidecar } from "../naming.ts";
import type { ContainerStatus, Pod, PodPhase } from "../pod-types.ts";
import { restartPolicyOf } from "../pods/pod-actions.ts";

/** Where a pod stands in its life, from its containers (upstream's getPhase). */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isFinal: boolean,
): PodPhase {
  const init = countInit(pod, initStatuses);
  const main = countMain(pod, statuses);
  const policy = restartPolicyOf(pod);
  if (init.failed > 0 && policy === "Never") return "Failed";
  const nothingRan = main.running + main.stopped + main.unknown === 0;
  if (init.pending > 0 || init.failed > 0 || (init.pendingSidecars > 0 && nothingRan)) {
    if (isFinal) return "Failed";
    return "Pending";
  }
  if (main.waiting > 0) return isFinal ? "Failed" : "Pending";
  if (main.running > 0 && main.unknown === 0) return "Running";
  if (main.running === 0 && main.stopped > 0 && main.unknown === 0) {
    if (isFinal || policy === "Never") return main.stopped === main.succeeded ? "Succeeded" : "Failed";
    if (policy === "Always") return "Running";
    return main.stopped === main.succeeded ? "Succeeded" : "Running";
  }
  return "Pending";
}

function countInit(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { pending: 0, pendingSidecars: 0, failed: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    if (isSidecar(container)) {
      if (!status?.started) counts.pendingSidecars++;
      continue;
    }
    const terminated =
      status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
    if (!terminated) counts.pending++;
    else if (terminated.exitCode !== 0) counts.failed++;
    else if (status?.state?.waiting) counts.pending++;
  }
  return counts;
}

function countMain(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, unknown: 0 };
  for (const container of pod.spec.containers) {
    const status = statuses.find(({ name }) => name === container.name);
    const { state, lastState } = status ?? {};
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
