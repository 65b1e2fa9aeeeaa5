import { conflict, GantryError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { markedForRemoval } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { discardBlockIo } from "../spec/block-io-limits.ts";
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
  "BlkioWeight",
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
  const container = context.containers.get(reference);
  const warnings = discardBlockIo(update);
  checkResources(update, { isUpdate: true });
  if (update.RestartPolicy?.Name) checkRestartPolicy(update.RestartPolicy, false);
  refuseUnsupported(update);
  await exclusively(context, container.id, async () => {
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
  return { warnings };
}

async function applyUpdate(
  context: EngineContext,
  container: Container,
  update: Partial<HostConfig>,
): Promise<void> {
  const { record } = container;
  if (record.removing || container.removalInProgress) throw markedForRemoval('"update"');
  assertNoConflict(record.hostConfig, update);
  const changed: HostConfig = { ...record.hostConfig };
  for (const key of UPDATABLE) if (update[key]) changed[key] = update[key] as never;
  if (typeof update.PidsLimit === "number") changed.PidsLimit = Math.max(0, update.PidsLimit);
  if (update.RestartPolicy?.Name) changed.RestartPolicy = update.RestartPolicy;
  const resources = ociResources(changed);
  if (container.hasProcess && Object.keys(resources).length > 0) {
    await unlessEnded(context.runtime.update(container.id, resources));
  }
  record.hostConfig = changed;
  await context.containers.save(container);
  emitContainerEvent(context, container, "update");
}

/** What was set before and stays set must fit what is set now. */
function assertNoConflict(before: HostConfig, update: Partial<HostConfig>): void {
  const refuse = (message: string) => conflict(message, { code: "Engine.ConflictingUpdate" });
  const cannot = (what: string, other: string) =>
    refuse(`Conflicting options: ${what} cannot be updated as ${other} has already been set`);
  if (update.NanoCpus && before.CpuPeriod) throw cannot("Nano CPUs", "CPU Period");
  if (update.NanoCpus && before.CpuQuota) throw cannot("Nano CPUs", "CPU Quota");
  if (update.CpuPeriod && before.NanoCpus) throw cannot("CPU Period", "NanoCPUs");
  if (update.CpuQuota && before.NanoCpus) throw cannot("CPU Quota", "NanoCPUs");
  if (update.Memory && !update.MemorySwap && (before.MemorySwap ?? 0) < update.Memory) {
    throw refuse(
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    );
  }
  const policy = update.RestartPolicy?.Name;
  if (before.AutoRemove && policy && policy !== "no") {
    throw refuse("Restart policy cannot be updated because AutoRemove is enabled for the container");
  }
}
