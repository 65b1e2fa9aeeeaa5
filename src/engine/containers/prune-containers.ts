import { isGantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { emitPrune } from "../events/prune-event.ts";
import { assertKnownFilters, matchesLabels, untilFilterMs } from "../filter-match.ts";
import type { Filters } from "../types.ts";
import { removeContainer } from "./remove-container.ts";

/** Removes all containers that do not run. */
export async function pruneContainers(
  context: EngineContext,
  filters: Filters = {},
): Promise<{ ContainersDeleted: string[]; SpaceReclaimed: number }> {
  assertKnownFilters(filters, ["label", "label!", "until"]);
  const untilMs = untilFilterMs(filters, context.clock.nowMs());
  const chosen = context.containers
    .all()
    .filter((container) => container.owner === "docker" && !container.isRunning)
    .filter((container) => untilMs === undefined || Date.parse(container.record.created) < untilMs)
    .filter((container) => matchesLabels(filters.label, container.record.config.Labels))
    .filter((container) => {
      const unwanted = filters["label!"];
      return !unwanted?.length || !matchesLabels(unwanted, container.record.config.Labels);
    });
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const container of chosen) {
    try {
      const { sizeBytes } = await context.images.snapshotUsage(container.id);
      await removeContainer(context, container.id);
      deleted.push(container.id);
      reclaimed += sizeBytes;
    } catch (error) {
      // Started or removed by somebody else meanwhile.
      if (!isGantryError(error, "Conflict") && !isGantryError(error, "NotFound")) throw error;
    }
  }
  emitPrune(context, "container", reclaimed);
  return { ContainersDeleted: deleted, SpaceReclaimed: reclaimed };
}
