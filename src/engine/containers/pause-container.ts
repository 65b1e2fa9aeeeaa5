import { conflict, GantryError } from "../../base/index.ts";
import { type EngineContext, tellStatus } from "../context.ts";
import { isRestarting, notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { startHealthChecks } from "../health/health-checks.ts";
import { setPaused } from "./container-state.ts";
import { exclusively } from "./exclusive.ts";

export async function pauseContainer(context: EngineContext, reference: string): Promise<void> {
  await exclusively(context, reference, async (container) => {
    const { state } = container.record;
    if (state.Restarting) throw isRestarting(container.id);
    if (!state.Running) throw notRunning(container.id);
    if (state.Paused) {
      throw conflict(`Container ${container.id} is already paused`, { code: "Engine.AlreadyPaused" });
    }
    await context.runtime.pause(container.id);
    setPaused(state, true);
    container.stopHealthChecks();
    await context.containers.saveOrDefer(container);
    emitContainerEvent(context, container, "pause");
    tellStatus(context, container);
  });
}

export async function unpauseContainer(context: EngineContext, reference: string): Promise<void> {
  await exclusively(context, reference, async (container) => {
    const { state } = container.record;
    // As in Docker, no Conflict.
    if (!state.Paused) {
      throw new GantryError("Internal", `Container ${container.id} is not paused`, {
        code: "Engine.NotPaused",
      });
    }
    await context.runtime.resume(container.id);
    setPaused(state, false);
    await context.containers.saveOrDefer(container);
    emitContainerEvent(context, container, "unpause");
    startHealthChecks(context, container);
    tellStatus(context, container);
  });
}
