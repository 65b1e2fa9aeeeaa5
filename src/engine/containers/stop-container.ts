import { conflict, GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { DEFAULT_STOP_SIGNAL, DEFAULT_STOP_TIMEOUT_SECONDS } from "../defaults.ts";
import { alreadyStopped, invalidRequest, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import type { Container } from "./container.ts";
import { setPaused } from "./container-state.ts";
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
  if (!container.isRunning) throw alreadyStopped();
  await stop(context, container, options);
  emitContainerEvent(context, container, "stop");
}

/** Stops it, whatever its state; the restart policy does not act on the end. */
export async function stop(
  context: EngineContext,
  container: Container,
  options: StopOptions = {},
): Promise<void> {
  await wantExit(context, container);
  const ended = waitFor(container, "not-running");
  const { config } = container.record;
  const signal = signalNumber(options.signal || config.StopSignal || DEFAULT_STOP_SIGNAL);
  const seconds = options.timeoutSeconds ?? config.StopTimeout ?? DEFAULT_STOP_TIMEOUT_SECONDS;
  await deliver(context, container, signal);
  if (seconds < 0) {
    await ended;
    return;
  }
  if (await within(context, ended, seconds * 1000)) return;
  await deliver(context, container, SIGKILL);
  await forceEnd(context, container, ended);
}

/** From now on an end is wanted. On disk first, for `unless-stopped` must know it after a crash. */
async function wantExit(context: EngineContext, container: Container): Promise<void> {
  container.exitIsWanted = true;
  if (!context.shuttingDown) container.record.manuallyStopped = true;
  if (container.record.state.Restarting) {
    await container.lock.run(() => giveUpRestart(context, container));
    return;
  }
  await context.containers.save(container);
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

/** Sends a signal; a paused container gets it when it is let go on, and for an end it is. */
async function deliver(context: EngineContext, container: Container, signal: number): Promise<void> {
  if (!container.hasProcess) return;
  context.runtime.kill(container.id, signal);
  emitContainerEvent(context, container, "kill", { signal: String(signal) });
  if (container.record.state.Paused) await unpauseForEnd(context, container);
}

async function unpauseForEnd(context: EngineContext, container: Container): Promise<void> {
  await container.lock.run(async () => {
    if (!container.record.state.Paused) return;
    await context.runtime.resume(container.id);
    setPaused(container.record.state, false);
    emitContainerEvent(context, container, "unpause");
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
  if (!container.isRunning) {
    throw conflict(`cannot kill container: ${reference}: ${notRunning(container.id).message}`, {
      code: "Engine.NotRunning",
    });
  }
  if (signal === SIGKILL) {
    await kill(context, container);
    return;
  }
  const stopSignal = container.record.config.StopSignal;
  if (!stopSignal || signalNumber(stopSignal) === signal) await wantExit(context, container);
  await deliver(context, container, signal);
}

/** SIGKILL, and waits for the end. */
export async function kill(context: EngineContext, container: Container): Promise<void> {
  await wantExit(context, container);
  const ended = waitFor(container, "not-running");
  await deliver(context, container, SIGKILL);
  await forceEnd(context, container, ended);
}
