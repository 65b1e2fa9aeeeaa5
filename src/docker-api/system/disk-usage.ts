import type { CacheUsage } from "../../build/index.ts";
import { selectImages } from "../images/image-filters.ts";
import { imageSummary } from "../images/image-json.ts";
import { layersSize, sharedSize } from "../images/layers-size.ts";
import type { SystemBackend } from "./backend.ts";

/** `GET /system/df`. `types` says what is asked for; empty means everything. */
export async function diskUsage(
  { engine, images, buildkit }: SystemBackend,
  options: { types: readonly string[]; apiMinor: number; nowMs: number },
): Promise<Record<string, unknown>> {
  const wants = (type: string) => options.types.length === 0 || options.types.includes(type);
  const result: Record<string, unknown> = {
    LayersSize: 0,
    Images: null,
    Containers: null,
    Volumes: null,
    BuildCache: null,
  };
  if (wants("image")) {
    const all = await images.list();
    const users = await imageUsers(engine);
    result.LayersSize = layersSize(all);
    result.Images = selectImages(all, { all: false, filters: {}, nowMs: options.nowMs }).map((image) => ({
      ...imageSummary(image, { containers: users.get(image.id) ?? 0, apiMinor: options.apiMinor }),
      SharedSize: sharedSize(image, all),
    }));
  }
  if (wants("container")) result.Containers = await engine.listContainers({ all: true, size: true });
  if (wants("volume")) result.Volumes = await engine.listVolumes({}, { usage: true });
  if (wants("build-cache")) result.BuildCache = ((await buildkit?.diskUsage()) ?? []).map(cacheRecord);
  return result;
}

function cacheRecord(usage: CacheUsage): object {
  return {
    ID: usage.id,
    ...(usage.parents.length > 0 ? { Parents: usage.parents } : {}),
    Type: usage.recordType,
    Description: usage.description,
    InUse: usage.inUse,
    Shared: usage.shared,
    Size: usage.sizeBytes,
    CreatedAt: new Date(usage.createdAtMs).toISOString(),
    LastUsedAt: usage.lastUsedAtMs === undefined ? null : new Date(usage.lastUsedAtMs).toISOString(),
    UsageCount: usage.usageCount,
  };
}

/** How many containers use each image: pods' as well, since there is one image store. */
async function imageUsers(engine: SystemBackend["engine"]): Promise<Map<string, number>> {
  const users = new Map<string, number>();
  for (const owner of ["docker", "cri"] as const) {
    for (const { ImageID } of await engine.listContainers({ owner, all: true })) {
      users.set(ImageID, (users.get(ImageID) ?? 0) + 1);
    }
  }
  return users;
}
