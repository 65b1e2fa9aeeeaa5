import { GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import type { Container } from "./container.ts";
import { startAnew } from "./start-container.ts";
import { type StopOptions, stop } from "./stop-container.ts";

/** `docker restart`: of a container that does not run, a start. One with `--rm` stays. */
export async function restartContainer(
  context: EngineContext,
  reference: string,
  options: StopOptions = {},
): Promise<void> {
  const container = context.containers.get(reference);
  try {
    await stopForRestart(context, container, options);
    await container.lock.run(async () => {
      container.restartsUnderWay--;
      // Somebody else has started it meanwhile.
      if (!container.isRunning) await startAnew(context, container);
    });
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    // Whatever it is, Docker answers with 500.
    throw new GantryError("Internal", `Cannot restart container ${reference}: ${error.message}`, {
      code: error.code,
      hint: error.hint,
      cause: error,
    });
  }
  emitContainerEvent(context, container, "restart");
}

async function stopForRestart(
  context: EngineContext,
  container: Container,
  options: StopOptions,
): Promise<void> {
  container.restartsUnderWay++;
  try {
    await stop(context, container, options);
  } catch (error) {
    container.restartsUnderWay--;
    throw error;
  }
}
