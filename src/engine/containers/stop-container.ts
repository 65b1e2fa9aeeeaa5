import { conflict, GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { DEFAULT_STOP_SIGNAL, DEFAULT_STOP_TIMEOUT_SECONDS } from "../defaults.ts";
import { alreadyStopped, invalidRequest, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import type { ExitResult } from "../types.ts";
import type { Container } from "./container.ts";
import { setPaused } from "./container-state.ts";
import { unlessEnded } from "./ended-process.ts";
import { giveUpRestart } from "./pending-restart.ts";
import { SIGKILL, SIGRTMAX, signalNumber } from "./signals.ts";
import { waitFor } from "./wait-container.ts";

export interface StopOptions {
  /** -1: never SIGKILL. */
  timeoutSeconds?: number;
  signal?: string;
}

/** A process that SIGKILL does not end for so long hangs in the kernel. */
const KILL_TIMEOUT_MS = 10_000;

/** Stops a container on somebody's request. NotModified when it does not run. */
export async function stopContainer(
  context: EngineContext,
  reference: string,
  options: StopOptions = {},
): Promise<void> {
  const container = context.containers.get(reference);
  if (options.signal) signalNumber(options.signal);
  if (!(await stop(context, container, options))) throw alreadyStopped();
}

/**
 * Stops it, whatever its state; the restart policy does not act on the end. False when it did not run. A start that is
 * under way is waited for. When this resolves, the end is on disk and what the container held is free.
 */
export async function stop(
  context: EngineContext,
  container: Container,
  options: StopOptions = {},
): Promise<boolean> {
  const { config } = container.record;
  const signal = signalNumber(options.signal || config.StopSignal || DEFAULT_STOP_SIGNAL);
  const seconds = options.timeoutSeconds ?? config.StopTimeout ?? DEFAULT_STOP_TIMEOUT_SECONDS;
  const stopping = await signalToEnd(context, container, signal);
  if (!stopping) return false;
  const { ended } = stopping;
  if (seconds < 0) await ended;
  else if (!(await within(context, ended, seconds * 1000))) {
    await signalToEnd(context, container, SIGKILL);
    await forceEnd(context, container, ended);
  }
  emitContainerEvent(context, container, "stop");
  await container.lock.run(async () => {});
  return true;
}

/** SIGKILL, and waits for the end. False when it did not run. */
export async function kill(context: EngineContext, container: Container): Promise<boolean> {
  const killing = await signalToEnd(context, container, SIGKILL);
  if (!killing) return false;
  await forceEnd(context, container, killing.ended);
  return true;
}

/** Sends a signal after which the next end is final. Undefined when the container does not run. */
function signalToEnd(
  context: EngineContext,
  container: Container,
  signal: number,
): Promise<{ ended: Promise<ExitResult> } | undefined> {
  return container.lock.run(async () => {
    if (!container.isRunning) return undefined;
    const ended = waitFor(container, "not-running");
    await sendSignal(context, container, signal, true);
    return { ended };
  });
}

/**
 * Called with the lock held while the container runs. A paused container gets the signal when it is let go on, and for an
 * end it is; one that waits to be restarted has no process, and for an end waits no longer (moby, killWithSignal).
 */
async function sendSignal(
  context: EngineContext,
  container: Container,
  signal: number,
  endIsWanted: boolean,
): Promise<void> {
  const { record } = container;
  if (endIsWanted) container.exitIsWanted = true;
  if (!context.shuttingDown) record.manuallyStopped = true;
  if (record.state.Restarting) {
    if (endIsWanted) await giveUpRestart(context, container);
    return;
  }
  // On disk first, for `unless-stopped` must know it after a crash; on a full one a stop is the way to get space.
  await context.containers.saveOrDefer(container);
  context.runtime.kill(container.id, signal);
  emitContainerEvent(context, container, "kill", { signal: String(signal) });
  if (endIsWanted && record.state.Paused) {
    await unlessEnded(context.runtime.resume(container.id));
    setPaused(record.state, false);
    emitContainerEvent(context, container, "unpause");
  }
}

async function within(context: EngineContext, ended: Promise<unknown>, ms: number): Promise<boolean> {
  let cancel = () => {};
  const timeout = new Promise<boolean>((resolve) => {
    cancel = context.clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([ended.then(() => true), timeout]);
  } finally {
    cancel();
  }
}

async function forceEnd(
  context: EngineContext,
  container: Container,
  ended: Promise<unknown>,
): Promise<void> {
  if (await within(context, ended, KILL_TIMEOUT_MS)) return;
  context.runtime.killAll(container.id);
  if (await within(context, ended, KILL_TIMEOUT_MS)) return;
  throw new GantryError("DeadlineExceeded", `tried to kill container, but did not receive an exit event`, {
    code: "Engine.Unkillable",
    details: { container: container.id },
  });
}

/** `docker kill`. */
export async function killContainer(
  context: EngineContext,
  reference: string,
  signalName = "KILL",
): Promise<void> {
  const container = context.containers.get(reference);
  if (/^\d+$/.test(signalName) && Number(signalName) > SIGRTMAX) {
    throw invalidRequest(`the linux daemon does not support signal ${signalName}`);
  }
  const signal = signalNumber(signalName);
  const sent = signal === SIGKILL ? kill(context, container) : signalIfRunning(context, container, signal);
  if (await sent) return;
  throw conflict(`cannot kill container: ${reference}: ${notRunning(container.id).message}`, {
    code: "Engine.NotRunning",
  });
}

function signalIfRunning(context: EngineContext, container: Container, signal: number): Promise<boolean> {
  const { StopSignal } = container.record.config;
  return container.lock.run(async () => {
    if (!container.isRunning) return false;
    await sendSignal(context, container, signal, !StopSignal || signalNumber(StopSignal) === signal);
    return true;
  });
}
