import { conflict, GantryError, newHexId } from "../../base/index.ts";
import type { Container } from "../containers/container.ts";
import { hasEnded } from "../containers/ended-process.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest, isRestarting, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import type { AttachStreams, ExecConfig, ExecInspect } from "../types.ts";
import { execProcess, execUser } from "./exec-process.ts";
import type { ExecInstance } from "./exec-store.ts";

/** After an aborted execution was asked to end, until it is made to. */
const TERM_GRACE_MS = 10_000;

export async function createExec(
  context: EngineContext,
  reference: string,
  config: ExecConfig,
): Promise<{ id: string }> {
  const container = activeContainer(context, reference);
  if (!config.Cmd?.length) throw invalidRequest("No exec command specified");
  // Who is not there is missed now, not when it is started.
  if (config.User) execUser(context, container, config.User);
  const instance: ExecInstance = {
    id: newHexId(),
    containerId: container.id,
    config,
    pid: 0,
    exitCode: null,
    started: false,
  };
  context.execs.add(instance);
  emitContainerEvent(context, container, `exec_create: ${commandOf(config)}`, { execID: instance.id });
  return { id: instance.id };
}

function activeContainer(context: EngineContext, reference: string): Container {
  const container = context.containers.get(reference);
  const { state } = container.record;
  if (!state.Running) throw notRunning(container.id);
  if (state.Paused) {
    throw conflict(`Container ${reference} is paused, unpause the container before exec`, {
      code: "Engine.Paused",
    });
  }
  if (state.Restarting) throw isRestarting(container.id);
  return container;
}

/** As Docker writes it in events: a space follows the program even without arguments. */
function commandOf({ Cmd: [program = "", ...args] }: ExecConfig): string {
  return `${program} ${args.join(" ")}`;
}

export interface StartExecOptions {
  detach?: boolean;
  /** Of the terminal, before any resize. */
  consoleSize?: [rows: number, columns: number];
  signal?: AbortSignal;
  onStarted?: () => void;
}

export async function startExec(
  context: EngineContext,
  execId: string,
  streams: AttachStreams,
  options: StartExecOptions = {},
): Promise<{ exitCode: number }> {
  const instance = context.execs.get(execId);
  if (instance.exitCode !== null) {
    throw conflict(`exec command ${execId} has already run`, { code: "Engine.ExecFinished" });
  }
  if (instance.started)
    throw conflict(`exec command ${execId} is already running`, { code: "Engine.ExecRunning" });
  const container = activeContainer(context, instance.containerId);
  instance.started = true;
  if (options.consoleSize) instance.size = [options.consoleSize[1], options.consoleSize[0]];
  const { config } = instance;
  emitContainerEvent(context, container, `exec_start: ${commandOf(config)}`, { execID: instance.id });
  let tellStarted = () => {};
  const started = new Promise<void>((resolve) => {
    tellStarted = resolve;
  });
  const finished = run(context, container, instance, options.detach ? {} : streams, options.signal, () => {
    options.onStarted?.();
    tellStarted();
  });
  if (!options.detach) return finished;
  // Detached: done once it runs, or has failed to.
  await Promise.race([started, finished]);
  finished.catch(() => {});
  return { exitCode: instance.exitCode ?? 0 };
}

async function run(
  context: EngineContext,
  container: Container,
  instance: ExecInstance,
  streams: AttachStreams,
  signal: AbortSignal | undefined,
  onStarted: () => void,
): Promise<{ exitCode: number }> {
  const { config } = instance;
  const [rows, columns] = config.ConsoleSize ?? [];
  let stopKilling = () => {};
  try {
    const exec = context.runtime.exec({
      containerId: container.id,
      execId: instance.id,
      process: execProcess(context, container, config),
      stdin: config.AttachStdin === false ? undefined : streams.stdin,
      stdout: streams.stdout,
      stderr: streams.stderr,
      columns: instance.size?.[0] ?? columns,
      rows: instance.size?.[1] ?? rows,
      onStarted: (pid) => {
        instance.pid = pid;
        onStarted();
      },
    });
    instance.running = exec;
    stopKilling = killOnAbort(context, exec, signal);
    const { exitCode } = await exec.done;
    instance.exitCode = exitCode;
    return { exitCode };
  } catch (error) {
    instance.exitCode = exitCodeOfFailure(error);
    throw hasEnded(error) ? notRunning(container.id) : error;
  } finally {
    stopKilling();
    instance.running = undefined;
    context.execs.ended(instance);
    emitContainerEvent(context, container, "exec_die", {
      execID: instance.id,
      exitCode: String(instance.exitCode),
    });
  }
}

const MISSING: readonly string[] = ["Runtime.CommandNotFound", "Runtime.NotADirectory"];

/** What Docker reports for an execution that never began. */
function exitCodeOfFailure(error: unknown): number {
  const isMissing = error instanceof GantryError && MISSING.includes(error.code);
  return isMissing ? 127 : 126;
}

/** As Docker: SIGTERM when the caller gives up, then SIGKILL. */
function killOnAbort(
  context: EngineContext,
  exec: { kill(signal: NodeJS.Signals): void },
  signal: AbortSignal | undefined,
): () => void {
  if (!signal) return () => {};
  let cancel = () => {};
  const onAbort = () => {
    exec.kill("SIGTERM");
    cancel = context.clock.after(TERM_GRACE_MS, () => exec.kill("SIGKILL"));
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return () => {
    signal.removeEventListener("abort", onAbort);
    cancel();
  };
}

export async function resizeExec(
  context: EngineContext,
  execId: string,
  columns: number,
  rows: number,
): Promise<void> {
  const instance = context.execs.get(execId);
  instance.size = [columns, rows];
  instance.running?.resize(columns, rows);
}

export async function inspectExec(context: EngineContext, execId: string): Promise<ExecInspect> {
  const { id, containerId, config, exitCode, running, pid } = context.execs.get(execId);
  const [entrypoint = "", ...args] = config.Cmd;
  return {
    ID: id,
    ContainerID: containerId,
    Running: running !== undefined,
    ExitCode: exitCode,
    Pid: pid,
    OpenStdin: config.AttachStdin ?? false,
    OpenStdout: config.AttachStdout ?? false,
    OpenStderr: config.AttachStderr ?? false,
    CanRemove: false,
    DetachKeys: config.DetachKeys ?? "",
    ProcessConfig: {
      tty: config.Tty ?? false,
      entrypoint,
      arguments: args,
      privileged: config.Privileged ?? false,
      user: config.User || undefined,
    },
  };
}
