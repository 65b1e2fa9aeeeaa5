import { type Clock, GantryError, isGantryError } from "../base/index.ts";
import type { Engine } from "../engine/types.ts";

/** A process that survives SIGKILL for so long hangs in the kernel. */
const KILL_TIMEOUT_MS = 30_000;

export interface StopOptions {
  timeoutSeconds: number;
  /** The stop signal went out before: only wait and kill. */
  alreadySignalled: boolean;
  stopSignal: string | undefined;
}

/**
 * Stops without holding the engine's own stop, so that a second call with a shorter time (kubectl delete --force after
 * a patient delete) overtakes the first.
 */
export async function stopEngineContainer(
  engine: Engine,
  clock: Clock,
  id: string,
  options: StopOptions,
): Promise<void> {
  if (!engine.containerState(id)?.Running) return;
  const ended = new AbortController();
  const waiting = engine
    .waitContainer(id, "not-running", ended.signal)
    .then(() => "ended" as const)
    .catch((error) => {
      if (isGantryError(error, "NotFound") || isGantryError(error, "Canceled")) return "ended" as const;
      throw error;
    });
  const timeOut = (ms: number) =>
    clock.sleep(ms, ended.signal).then(
      () => "timeout" as const,
      () => "ended" as const,
    );
  try {
    if (options.timeoutSeconds > 0) {
      if (!options.alreadySignalled)
        await signal(engine, id, options.stopSignal ?? (await stopSignalOf(engine, id)));
      if ((await Promise.race([waiting, timeOut(options.timeoutSeconds * 1000)])) === "ended") return;
    }
    await signal(engine, id, "SIGKILL");
    if ((await Promise.race([waiting, timeOut(KILL_TIMEOUT_MS)])) === "timeout") {
      throw new GantryError("Unavailable", `container ${id} did not end after SIGKILL`, {
        code: "Cri.KillFailed",
      });
    }
  } finally {
    ended.abort();
  }
}

async function stopSignalOf(engine: Engine, id: string): Promise<string> {
  return (await engine.inspectContainer(id)).Config.StopSignal || "SIGTERM";
}

/** Sends a signal; one that comes too late is none. */
async function signal(engine: Engine, id: string, name: string): Promise<void> {
  try {
    await engine.killContainer(id, name);
  } catch (error) {
    if (
      isGantryError(error, "NotFound") ||
      isGantryError(error, "Conflict") ||
      isGantryError(error, "NotModified")
    )
      return;
    throw error;
  }
}
