import { selectImages } from "../images/image-filters.ts";
import { imageSummary } from "../images/image-json.ts";
import { layersSize } from "../images/layers-size.ts";
import type { SystemBackend } from "./backend.ts";

/** `GET /system/df`. `types` says what is asked for; empty means everything. */
export async function diskUsage(
  { engine, images }: SystemBackend,
  options: { types: readonly string[]; apiMinor: number; nowMs: number },
): Promise<Record<string, unknown>> {
  const wants = (type: string) => options.types.length === 0 || options.types.includes(type);
  const result: Record<string, unknown> = {};
  if (wants("image")) {
    const all = await images.list();
    const containers = await engine.listContainers({ all: true });
    const users = (id: string) => containers.filter((container) => container.ImageID === id).length;
    result.LayersSize = layersSize(all);
    result.Images = selectImages(all, { all: false, filters: {}, nowMs: options.nowMs }).map((image) => ({
      ...imageSummary(image, { containers: users(image.id), apiMinor: options.apiMinor }),
      SharedSize: 0,
    }));
  }
  if (wants("container")) result.Containers = await engine.listContainers({ all: true, size: true });
  if (wants("volume")) result.Volumes = await engine.listVolumes();
  if (wants("build-cache")) Object.assign(result, { BuildCache: [], BuilderSize: 0 });
  return result;
}
