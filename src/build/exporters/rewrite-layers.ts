import type { ImageConfig } from "../../formats/index.ts";
import type { ImageService } from "../../images/types.ts";
import type { TreeLayer } from "../solver/types.ts";

/**
 * The same layers with no time in them after the epoch. Those of the base image stay as they are. `releases` takes what lets go of
 * the ones that are made.
 */
export async function rewrittenLayers(
  images: Pick<ImageService, "rewriteLayer">,
  layers: readonly TreeLayer[],
  baseConfig: ImageConfig | undefined,
  epochMs: number,
  releases: (() => void)[],
): Promise<TreeLayer[]> {
  const base = baseConfig?.rootfs?.diff_ids ?? [];
  const rewritten: TreeLayer[] = [];
  for (const [index, layer] of layers.entries()) {
    if (base[index] === layer.diffId) rewritten.push(layer);
    else {
      const { diffId, release } = await images.rewriteLayer(layer.diffId, { latestMs: epochMs });
      releases.push(release);
      rewritten.push({ ...layer, diffId });
    }
  }
  return rewritten;
}
