import { conflict } from "../../base/index.ts";
import { type EngineContext, tellStatus } from "../context.ts";
import { isRestarting, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { startHealthChecks } from "../health/health-checks.ts";
import { setPaused } from "./container-state.ts";

export async function pauseContainer(context: EngineContext, reference: string): Promise<void> {
  const container = context.containers.get(reference);
  await container.lock.run(async () => {
    const { state } = container.record;
    if (state.Restarting) throw isRestarting(container.id);
    if (!state.Running) throw notRunning(container.id);
    if (state.Paused) {
      throw conflict(`container ${container.id} is already paused`, { code: "Engine.AlreadyPaused" });
    }
    await context.runtime.pause(container.id);
    setPaused(state, true);
    container.stopHealthChecks();
    await context.containers.save(container);
    emitContainerEvent(context, container, "pause");
    tellStatus(context, container);
  });
}

export async function unpauseContainer(context: EngineContext, reference: string): Promise<void> {
  const container = context.containers.get(reference);
  await container.lock.run(async () => {
    const { state } = container.record;
    if (!state.Paused)
      throw conflict(`Container ${container.id} is not paused`, { code: "Engine.NotPaused" });
    await context.runtime.resume(container.id);
    setPaused(state, false);
    await context.containers.save(container);
    emitContainerEvent(context, container, "unpause");
    startHealthChecks(context, container);
    tellStatus(context, container);
  });
}
