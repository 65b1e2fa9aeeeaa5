import type { EngineContext } from "../context.ts";

export function emitPrune(
  context: EngineContext,
  type: "container" | "volume",
  reclaimedBytes: number,
): void {
  context.events.emit(type, "prune", "", { reclaimed: String(reclaimedBytes) });
}
