import { NEVER, timestamp, timestampToMs } from "../logs/timestamps.ts";
import type { ContainerState } from "../types.ts";

/** The transitions of a container's state; each keeps `Status` and the single flags together. */
export function setRunning(state: ContainerState, pid: number, nowMs: number): void {
  Object.assign(state, {
    Status: "running",
    Running: true,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: pid,
    ExitCode: 0,
    Error: "",
    StartedAt: timestamp(nowMs),
  } satisfies Partial<ContainerState>);
}

export interface Ending {
  exitCode: number;
  oomKilled: boolean;
  finishedAtMs: number;
}

export function setExited(state: ContainerState, ending: Ending): void {
  // The clock of file times is coarser than ours: an end must not come before its start.
  const finishedAtMs = Math.max(ending.finishedAtMs, timestampToMs(state.StartedAt) ?? 0);
  Object.assign(state, {
    Status: "exited",
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: ending.oomKilled,
    Pid: 0,
    ExitCode: ending.exitCode,
    FinishedAt: timestamp(finishedAtMs),
  } satisfies Partial<ContainerState>);
}

/** As Docker: a container that will be restarted counts as running. */
export function setRestarting(state: ContainerState, ending: Ending): void {
  setExited(state, ending);
  Object.assign(state, {
    Status: "restarting",
    Running: true,
    Restarting: true,
  } satisfies Partial<ContainerState>);
}

/** A restart that was waited for does not come. */
export function setStoppedWaiting(state: ContainerState): void {
  Object.assign(state, {
    Status: "exited",
    Running: false,
    Restarting: false,
  } satisfies Partial<ContainerState>);
}

export function setPaused(state: ContainerState, paused: boolean): void {
  state.Paused = paused;
  state.Status = paused ? "paused" : "running";
}

/** Docker's exit codes of a start that failed: 127 not found, 126 not executable, else 128. */
export function setStartFailed(state: ContainerState, message: string, exitCode: number): void {
  Object.assign(state, {
    Status: state.StartedAt === NEVER ? "created" : "exited",
    Running: false,
    Paused: false,
    Restarting: false,
    Pid: 0,
    ExitCode: exitCode,
    Error: message,
  } satisfies Partial<ContainerState>);
}

export function setRemoving(state: ContainerState): void {
  Object.assign(state, {
    Status: "removing",
    Running: false,
    Paused: false,
    Restarting: false,
    Dead: true,
    Pid: 0,
  } satisfies Partial<ContainerState>);
}
