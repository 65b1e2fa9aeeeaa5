import { failpoint } from "../../base/index.ts";
import type { RuntimeExit } from "../../runtime/index.ts";
import { type EngineContext, inBackground, tellStatus } from "../context.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { emitUnmounts } from "../events/volume-events.ts";
import { endForwarding } from "../logs/forward-logs.ts";
import { settleLog } from "../logs/log-rotation.ts";
import { timestampToMs } from "../logs/timestamps.ts";
import { unplug } from "../networks/container-networks.ts";
import { releaseNamespaces } from "../spec/container-namespaces.ts";
import { releaseVolumes } from "../volumes/held-volumes.ts";
import type { Container } from "./container.ts";
import { setExited, setRestarting } from "./container-state.ts";
import { giveUpRestart } from "./pending-restart.ts";
import { removeContainer } from "./remove-container.ts";
import { nextDelayMs, shallRestart } from "./restart-policy.ts";
import { launch } from "./start-container.ts";

/** The runtime says that a container's process has ended and that its log is complete. */
export function onRuntimeExit(context: EngineContext, id: string, exit: RuntimeExit): void {
  const container = context.containers.byId(id);
  if (!container) return;
  // Waits for a start that is still under way: an end comes after its start.
  inBackground(context, "handling the end of a container", () =>
    container.lock.run(() => containerEnded(context, container, exit)),
  );
}

/** Called with the lock held. */
export async function containerEnded(
  context: EngineContext,
  container: Container,
  exit: RuntimeExit,
): Promise<void> {
  if (!container.hasProcess) return;
  const { record } = container;
  await settleLog(context, container);
  endForwarding(context, container);
  container.stopHealthChecks();
  context.execs.dropUnstarted(container.id);
  const restart = wantsRestart(context, container, exit.exitCode);
  if (restart) setRestarting(record.state, exit);
  else setExited(record.state, exit);
  if (exit.oomKilled) emitContainerEvent(context, container, "oom");
  emitContainerEvent(context, container, "die", {
    exitCode: String(exit.exitCode),
    execDuration: String(Math.max(0, Math.floor(ranMs(container) / 1000))),
  });
  container.tellExit();
  // The exit file goes with the runtime's share: first the code is in the record.
  const saved = context.containers.saveOrDefer(container);
  await unplug(context, container);
  emitUnmounts(context, container);
  await saved;
  failpoint("engine/exit/saved");
  await context.runtime.delete(container.id);
  releaseNamespaces(context, container);
  await releaseVolumes(context, container);
  if (restart) scheduleRestart(context, container);
  tellStatus(context, container);
  if (!restart && record.hostConfig.AutoRemove && shallRemoveItself(container)) {
    inBackground(context, "removing a container that ended", () =>
      removeContainer(context, container.id, { removeVolumes: true }),
    );
  }
}

function shallRemoveItself(container: Container): boolean {
  return !container.removalInProgress && container.restartsUnderWay === 0;
}

function wantsRestart(context: EngineContext, container: Container, exitCode: number): boolean {
  const { hostConfig, restartCount, manuallyStopped } = container.record;
  if (context.shuttingDown || container.exitIsWanted || container.removalInProgress) return false;
  return shallRestart({ policy: hostConfig.RestartPolicy, exitCode, restartCount, manuallyStopped });
}

function ranMs(container: Container): number {
  const { StartedAt, FinishedAt } = container.record.state;
  return (timestampToMs(FinishedAt) ?? 0) - (timestampToMs(StartedAt) ?? 0);
}

function scheduleRestart(context: EngineContext, container: Container): void {
  container.restartDelayMs = nextDelayMs(container.restartDelayMs, ranMs(container));
  container.cancelRestart = context.clock.after(container.restartDelayMs, () => {
    container.cancelRestart = undefined;
    inBackground(context, "restarting a container", () =>
      container.lock.run(() => restartNow(context, container)),
    );
  });
}

/** Called with the lock held. A start that fails ends the restarting, as in Docker. */
async function restartNow(context: EngineContext, container: Container): Promise<void> {
  if (!container.record.state.Restarting) return;
  if (context.shuttingDown || container.exitIsWanted || container.removalInProgress) {
    await giveUpRestart(context, container);
    return;
  }
  container.record.restartCount++;
  try {
    await launch(context, container);
  } catch (error) {
    context.logger.warn("a container could not be restarted", { container: container.id, error });
    container.tellExit();
  }
}
