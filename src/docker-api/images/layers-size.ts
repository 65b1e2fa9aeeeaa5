import type { ImageRecord } from "../../images/types.ts";

/** Bytes of all layers; those that several images share count once. */
export function layersSize(images: readonly ImageRecord[]): number {
  const sizes = new Map<string, number>();
  for (const { layers, layerSizes = [] } of images) {
    for (const [index, layer] of layers.entries()) sizes.set(layer, layerSizes[index] ?? 0);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Bytes of those layers of an image that others of these images have too. */
export function sharedSize(image: ImageRecord, images: readonly ImageRecord[]): number {
  const others = images.filter(({ id }) => id !== image.id);
  return image.layers.reduce((sum, layer, index) => {
    const isShared = others.some(({ layers }) => layers.includes(layer));
    return isShared ? sum + (image.layerSizes?.[index] ?? 0) : sum;
  }, 0);
}
