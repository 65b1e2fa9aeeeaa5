import { type EngineContext, tellStatus } from "../context.ts";
import type { Container } from "./container.ts";
import { setStoppedWaiting } from "./container-state.ts";

/** Ends the waiting for a restart; called with the lock held. */
export async function giveUpRestart(context: EngineContext, container: Container): Promise<void> {
  container.cancelRestart?.();
  container.cancelRestart = undefined;
  if (!container.record.state.Restarting) return;
  setStoppedWaiting(container.record.state);
  await context.containers.saveOrDefer(container);
  container.tellExit();
  tellStatus(context, container);
}
