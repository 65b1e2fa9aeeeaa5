import type { EngineContext } from "../context.ts";
import { notRunning } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { startContainer } from "./start-container.ts";
import { type StopOptions, stop } from "./stop-container.ts";

export async function restartContainer(
  context: EngineContext,
  reference: string,
  options: StopOptions = {},
): Promise<void> {
  const container = context.containers.get(reference);
  if (container.isRunning) {
    await stop(context, container, options);
    emitContainerEvent(context, container, "stop");
  }
  const isAutoRemoved = container.record.hostConfig.AutoRemove;
  if (isAutoRemoved && container.removed) throw notRunning(container.id);
  await startContainer(context, container.id);
  emitContainerEvent(context, container, "restart");
}
