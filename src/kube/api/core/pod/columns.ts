import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import type { ContainerState, ContainerStatus, Pod } from "../../generated/types.ts";
import { humanDuration } from "../../meta/age.ts";
import { timeMs } from "../../meta/time.ts";
import type { TableColumn } from "../../types.ts";

export interface PodSummary {
  ready: number;
  total: number;
  /** What STATUS shows: a phase, a waiting or termination reason, `Init:0/1`, `Terminating`. */
  reason: string;
  restarts: number;
  lastRestartMs: number;
}

/** What `kubectl get pods` says of a pod in short (upstream printPod). */
export function summarizePod(pod: Pod): PodSummary {
  const { status = {}, spec } = pod;
  const sidecars = new Set(
    (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always").map((one) => one.name),
  );
  const init = summarizeInit(status.initContainerStatuses ?? [], sidecars, spec.initContainers?.length ?? 0);
  const summary: PodSummary = {
    ready: init.ready,
    total: (spec.containers?.length ?? 0) + sidecars.size,
    reason: init.reason ?? baseReason(pod),
    restarts: init.restarts,
    lastRestartMs: init.lastRestartMs,
  };
  const isInitialized = status.conditions?.some((one) => one.type === "Initialized" && one.status === "True");
  if (init.reason === undefined || isInitialized) {
    summary.restarts = init.sidecarRestarts;
    summary.lastRestartMs = init.sidecarLastRestartMs;
    addContainers(summary, pod);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === "NodeLost") summary.reason = "Unknown";
    else if (status.phase !== "Succeeded" && status.phase !== "Failed") summary.reason = "Terminating";
  }
  return summary;
}

function baseReason(pod: Pod): string {
  const isGated = pod.status?.conditions?.some(
    (one) => one.type === "PodScheduled" && one.reason === "SchedulingGated",
  );
  return isGated ? "SchedulingGated" : pod.status?.reason || pod.status?.phase || "";
}

interface InitSummary {
  /** Set while the pod initializes. */
  reason: string | undefined;
  ready: number;
  restarts: number;
  lastRestartMs: number;
  sidecarRestarts: number;
  sidecarLastRestartMs: number;
}

function summarizeInit(
  statuses: readonly ContainerStatus[],
  sidecars: ReadonlySet<string>,
  count: number,
): InitSummary {
  const out: InitSummary = {
    reason: undefined,
    ready: 0,
    restarts: 0,
    lastRestartMs: 0,
    sidecarRestarts: 0,
    sidecarLastRestartMs: 0,
  };
  for (const [index, status] of statuses.entries()) {
    const isSidecar = sidecars.has(status.name);
    const endedMs = lastEndMs(status);
    out.restarts += status.restartCount;
    out.lastRestartMs = Math.max(out.lastRestartMs, endedMs);
    if (isSidecar) {
      out.sidecarRestarts += status.restartCount;
      out.sidecarLastRestartMs = Math.max(out.sidecarLastRestartMs, endedMs);
    }
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && status.started) {
      if (status.ready) out.ready++;
      continue;
    }
    out.reason = initReason(status.state, index, count);
    break;
  }
  return out;
}

function initReason(state: ContainerState | undefined, index: number, count: number): string {
  if (state?.terminated !== undefined) return `Init:${endReason(state.terminated)}`;
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== "PodInitializing" ? `Init:${waiting}` : `Init:${index}/${count}`;
}

function endReason(end: NonNullable<ContainerState["terminated"]>): string {
  if (end.reason) return end.reason;
  return end.signal ? `Signal:${end.signal}` : `ExitCode:${end.exitCode}`;
}

function lastEndMs(status: ContainerStatus): number {
  return timeMs(status.lastState?.terminated?.finishedAt) || 0;
}

function addContainers(summary: PodSummary, pod: Pod): void {
  let hasRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    summary.restarts += status.restartCount;
    summary.lastRestartMs = Math.max(summary.lastRestartMs, lastEndMs(status));
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated !== undefined) summary.reason = endReason(terminated);
    else if (status.ready && running !== undefined) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason !== "Completed" || !hasRunning) return;
  const isReady = pod.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
  summary.reason = isReady ? "Running" : "NotReady";
}

function restartsText({ restarts, lastRestartMs }: PodSummary, nowMs: number): string {
  if (restarts === 0 || lastRestartMs === 0) return String(restarts);
  return `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)`;
}

/** Four cells of a row come from one summary; rows are made one after the other. */
let last: { pod: Pod; summary: PodSummary } | undefined;

function summaryOf(pod: Pod): PodSummary {
  if (last?.pod !== pod) last = { pod, summary: summarizePod(pod) };
  return last.summary;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const passed = gates.filter((gate) =>
    pod.status?.conditions?.some((one) => one.type === gate.conditionType && one.status === "True"),
  );
  return `${passed.length}/${gates.length}`;
}

export const podColumns: TableColumn[] = [
  nameColumn,
  textColumn("Ready", (pod: Pod) => {
    // The first cell of a row that needs it makes the summary anew: an object may have changed in place since.
    last = undefined;
    const { ready, total } = summaryOf(pod);
    return `${ready}/${total}`;
  }),
  textColumn("Status", (pod: Pod) => summaryOf(pod).reason),
  textColumn("Restarts", (pod: Pod, { nowMs }) => restartsText(summaryOf(pod), nowMs)),
  ageColumn,
  textColumn("IP", (pod: Pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || "<none>", {
    wide: true,
  }),
  textColumn("Node", (pod: Pod) => pod.spec.nodeName || "<none>", { wide: true }),
  textColumn("Nominated Node", (pod: Pod) => pod.status?.nominatedNodeName || "<none>", { wide: true }),
  textColumn("Readiness Gates", readinessGates, { wide: true }),
];
