import type { ImageRecord } from "../../images/types.ts";
import type { TreeLayer } from "./types.ts";

/** An image's layers, told of by its history. */
export function layersOfImage(
  { layers, config, createdAtMs }: Pick<ImageRecord, "layers" | "config" | "createdAtMs">,
  description: string,
): TreeLayer[] {
  const told = (config.history ?? []).filter((entry) => !entry.empty_layer);
  return layers.map((diffId, index) => {
    const created = Date.parse(told[index]?.created ?? "");
    return {
      diffId,
      createdAtMs: Number.isNaN(created) ? createdAtMs : created,
      description: told[index]?.created_by ?? description,
    };
  });
}
