import { goBoolProblem, parseGoBool } from "../../formats/index.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest, noSuchVolume } from "../errors.ts";
import { emitPrune } from "../events/prune-event.ts";
import {
  assertKnownFilters,
  booleanFilter,
  matchesExactly,
  matchesLabels,
  matchesPattern,
} from "../filter-match.ts";
import type { Filters, VolumeRecord } from "../types.ts";
import { ANONYMOUS_LABEL, volumeInUse } from "./volume-store.ts";

export async function createVolume(
  context: EngineContext,
  request: {
    Name?: string;
    Driver?: string;
    DriverOpts?: Record<string, string>;
    Labels?: Record<string, string>;
  },
): Promise<VolumeRecord> {
  const { volume, created } = await context.volumes.create(request);
  if (created) context.events.emit("volume", "create", volume.Name, { driver: volume.Driver });
  return volume;
}

function usersOf(context: EngineContext, name: string): string[] {
  return context.containers
    .all()
    .filter((container) =>
      container.record.mounts.some((mount) => mount.Type === "volume" && mount.Name === name),
    )
    .map((container) => container.id);
}

export async function listVolumes(
  context: EngineContext,
  filters: Filters = {},
  options: { usage?: boolean } = {},
): Promise<VolumeRecord[]> {
  assertKnownFilters(filters, ["dangling", "driver", "label", "name"]);
  const dangling = booleanFilter(filters, "dangling");
  const chosen = context.volumes
    .list()
    .filter(
      (volume) =>
        matchesPattern(filters, "name", [volume.Name]) &&
        matchesExactly(filters, "driver", volume.Driver) &&
        matchesLabels(filters.label, volume.Labels) &&
        (dangling === undefined || dangling === (usersOf(context, volume.Name).length === 0)),
    );
  if (!options.usage) return chosen;
  return Promise.all(chosen.filter(isOnDisk).map((volume) => withUsage(context, volume)));
}

/** What is mounted by options of the driver is neither measured nor pruned. */
const isOnDisk = ({ Options }: VolumeRecord) => Object.keys(Options ?? {}).length === 0;

async function withUsage(context: EngineContext, volume: VolumeRecord): Promise<VolumeRecord> {
  const Size = await context.volumes.sizeBytes(volume.Name);
  return { ...volume, UsageData: { Size, RefCount: usersOf(context, volume.Name).length } };
}

export async function inspectVolume(context: EngineContext, name: string): Promise<VolumeRecord> {
  return context.volumes.get(name);
}

export async function removeVolume(context: EngineContext, name: string, force = false): Promise<void> {
  if (!context.volumes.has(name)) {
    if (force) return;
    throw noSuchVolume(name);
  }
  const users = usersOf(context, name);
  if (users.length > 0) throw volumeInUse(name, users);
  const { Driver } = context.volumes.get(name);
  await context.volumeMounts.forget(name);
  await context.volumes.remove(name);
  context.events.emit("volume", "destroy", name, { driver: Driver });
}

/** Other words mean yes and no here than in the filters of lists. */
function allFilter({ all = [] }: Filters): boolean {
  const [value, ...more] = all;
  if (value === undefined) return false;
  if (more.length > 0)
    throw invalidRequest(`invalid filter 'all=[${all.join(" ")}]': only one value is expected`);
  const isAll = parseGoBool(value);
  if (isAll === undefined) throw invalidRequest(`invalid filter 'all': ${goBoolProblem(value)}`);
  return isAll;
}

/** Removes unused volumes: anonymous ones, or with the filter `all` every one. */
export async function pruneVolumes(
  context: EngineContext,
  filters: Filters = {},
): Promise<{ VolumesDeleted: string[]; SpaceReclaimed: number }> {
  assertKnownFilters(filters, ["all", "label", "label!"]);
  const all = allFilter(filters);
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const volume of context.volumes.list()) {
    if (!isOnDisk(volume)) continue;
    if (!all && !(volume.Labels && ANONYMOUS_LABEL in volume.Labels)) continue;
    if (!matchesLabels(filters.label, volume.Labels)) continue;
    if (filters["label!"]?.length && matchesLabels(filters["label!"], volume.Labels)) continue;
    if (usersOf(context, volume.Name).length > 0) continue;
    reclaimed += await context.volumes.sizeBytes(volume.Name);
    await removeVolume(context, volume.Name);
    deleted.push(volume.Name);
  }
  emitPrune(context, "volume", reclaimed);
  return { VolumesDeleted: deleted, SpaceReclaimed: reclaimed };
}
