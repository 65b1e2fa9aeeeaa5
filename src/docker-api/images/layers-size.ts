import type { ImageRecord } from "../../images/types.ts";

/** Layers that several images share count once: an image adds what it has over the largest one below it. */
export function layersSize(images: readonly ImageRecord[]): number {
  const sizeByLayer = new Map<string, number>();
  for (const image of [...images].sort((a, b) => a.layers.length - b.layers.length)) {
    const known = image.layers.reduce((sum, layer) => sum + (sizeByLayer.get(layer) ?? 0), 0);
    const fresh = image.layers.filter((layer) => !sizeByLayer.has(layer));
    for (const [index, layer] of fresh.entries()) {
      sizeByLayer.set(layer, index === 0 ? Math.max(0, image.sizeBytes - known) : 0);
    }
  }
  return [...sizeByLayer.values()].reduce((sum, size) => sum + size, 0);
}
