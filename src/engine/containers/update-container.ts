import { GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest, markedForRemoval } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { checkResources, ociResources } from "../spec/container-resources.ts";
import type { HostConfig } from "../types.ts";
import { refuseUnsupported } from "./check-config.ts";
import type { Container } from "./container.ts";
import { unlessEnded } from "./ended-process.ts";
import { exclusively } from "./exclusive.ts";
import { checkRestartPolicy } from "./restart-policy.ts";

/** What `docker update` may change. */
const UPDATABLE = [
  "Memory",
  "MemorySwap",
  "MemoryReservation",
  "NanoCpus",
  "CpuShares",
  "CpuPeriod",
  "CpuQuota",
  "CpusetCpus",
  "CpusetMems",
] as const;

/** Changes limits and the restart policy; a running container's at once. Zero and absent fields stay as they are. */
export async function updateContainer(
  context: EngineContext,
  reference: string,
  update: Partial<HostConfig>,
): Promise<{ warnings: string[] }> {
  await exclusively(context, reference, async (container) => {
    try {
      await applyUpdate(context, container, update);
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      throw new GantryError(error.kind, `Cannot update container ${container.id}: ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
  });
  return { warnings: [] };
}

async function applyUpdate(
  context: EngineContext,
  container: Container,
  update: Partial<HostConfig>,
): Promise<void> {
  refuseUnsupported(update);
  const { record } = container;
  if (record.removing || container.removalInProgress) throw markedForRemoval('"update"');
  const changed: HostConfig = { ...record.hostConfig };
  for (const key of UPDATABLE) if (update[key]) changed[key] = update[key] as never;
  if (typeof update.PidsLimit === "number") changed.PidsLimit = Math.max(0, update.PidsLimit);
  if (update.NanoCpus) {
    changed.CpuPeriod = 0;
    changed.CpuQuota = 0;
  }
  if (update.RestartPolicy?.Name) {
    checkRestartPolicy(update.RestartPolicy, false);
    if (record.hostConfig.AutoRemove && update.RestartPolicy.Name !== "no") {
      throw invalidRequest(
        "Restart policy cannot be updated because AutoRemove is enabled for the container",
      );
    }
    changed.RestartPolicy = update.RestartPolicy;
  }
  if (update.Memory && !update.MemorySwap && (record.hostConfig.MemorySwap ?? 0) < update.Memory) {
    throw invalidRequest(
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    );
  }
  checkResources(changed);
  const resources = ociResources(changed);
  if (container.hasProcess && Object.keys(resources).length > 0) {
    await unlessEnded(context.runtime.update(container.id, resources));
  }
  record.hostConfig = changed;
  await context.containers.save(container);
  emitContainerEvent(context, container, "update");
}
