import type { ContainerState } from "../engine/types.ts";
import type { ContainerNote } from "./container-note.ts";
import type { CriContainerState, CriContainerStatus } from "./types.ts";

/** What a container that could not be started ends with (containerd's numbers). */
const START_ERROR_EXIT_CODE = 128;

/** A start that failed in this run of the program; the engine's own record says less. */
export interface StartFailure {
  message: string;
  atMs: number;
}

export function containerStatus(
  id: string,
  note: ContainerNote,
  state: ContainerState,
  failure: StartFailure | undefined,
): CriContainerStatus {
  const base = {
    id,
    podSandboxId: note.sandboxId,
    metadata: note.metadata,
    createdAtNs: nanosOfMs(note.createdAtMs),
    image: note.image,
    imageRef: note.imageRef,
    imageId: note.imageId,
    labels: note.labels,
    annotations: note.annotations,
    mounts: note.mounts,
    logPath: note.logPath,
    pid: state.Pid,
  };
  // A failed start leaves the engine's container `created` with an error.
  const failedToStart =
    failure ?? (state.Status === "created" && state.Error !== "" ? afterRestart(state) : undefined);
  if (failedToStart) {
    const finishedAtNs = nanosOfMs(failedToStart.atMs);
    return {
      ...base,
      state: "EXITED",
      startedAtNs: 0n,
      finishedAtNs,
      exitCode: START_ERROR_EXIT_CODE,
      reason: "StartError",
      message: failedToStart.message,
    };
  }
  const criState = stateOf(state);
  const exited = criState === "EXITED";
  return {
    ...base,
    state: criState,
    startedAtNs: parseNanos(state.StartedAt),
    finishedAtNs: exited ? parseNanos(state.FinishedAt) : 0n,
    exitCode: exited ? state.ExitCode : 0,
    reason: exited ? exitReason(state) : "",
    message: exited ? state.Error : "",
  };
}

function afterRestart(state: ContainerState): StartFailure {
  const finishedMs = Number(parseNanos(state.FinishedAt) / 1_000_000n);
  return { message: state.Error, atMs: finishedMs };
}

function stateOf(state: ContainerState): CriContainerState {
  switch (state.Status) {
    case "created":
      return "CREATED";
    case "running":
    case "paused":
    case "restarting":
      return "RUNNING";
    case "exited":
    case "dead":
    case "removing":
      return "EXITED";
    default:
      return "UNKNOWN";
  }
}

function exitReason(state: ContainerState): string {
  if (state.OOMKilled) return "OOMKilled";
  return state.ExitCode === 0 ? "Completed" : "Error";
}

function nanosOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n;
}

/** RFC 3339 with up to nine digits of a second, as nanoseconds since the epoch; 0 for Go's zero time. */
export function parseNanos(time: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (!match || match[1]!.startsWith("0001-")) return 0n;
  const seconds = BigInt(Date.parse(match[1]! + match[3]!)) / 1000n;
  return seconds * 1_000_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}
