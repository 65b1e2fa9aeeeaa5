import { errorMessage, GantryError, isDiskError, isGantryError, type Logger } from "../base/index.ts";
import type { ContentStore } from "../content/index.ts";
import type { ImageManifest } from "../formats/index.ts";
import type { ImageLimits } from "./image-limits.ts";
import type { ImageStore, StoredImage } from "./image-store.ts";
import type { LayerStore } from "./layers/layer-store.ts";
import { MANIFEST_TYPES } from "./manifests.ts";

export interface RepairHost {
  store: ImageStore;
  layers: LayerStore;
  content: ContentStore;
  limits: ImageLimits;
  logger: Logger;
}

/**
 * After a power cut a layer may be gone that was not yet known to be on disk. It is unpacked again from its blob; an image
 * that cannot be made whole is forgotten, because nothing could run from it.
 */
export async function repairImages(host: RepairHost): Promise<void> {
  for (const image of [...host.store.all()]) {
    const missing = image.config.rootfs.diff_ids.filter((diffId) => host.layers.isMissing(diffId));
    if (missing.length > 0) await repair(host, image, missing);
  }
}

async function repair(host: RepairHost, image: StoredImage, missing: readonly string[]): Promise<void> {
  try {
    const manifest = await manifestOf(host, image);
    for (const diffId of missing) {
      const { digest, size, mediaType } = manifest.layers[image.config.rootfs.diff_ids.indexOf(diffId)]!;
      await host.layers.unpack(diffId, { digest, sizeBytes: size, mediaType, repositories: [] });
    }
    host.logger.warn("layers unpacked again", { image: image.id, layers: missing.length });
  } catch (error) {
    if (!isLoss(error)) {
      host.logger.error("an image lacks layers that cannot be unpacked again now; it is left as it is", {
        image: image.id,
        error: errorMessage(error),
      });
      return;
    }
    host.logger.error("image lost its layers and is forgotten", {
      image: image.id,
      error: errorMessage(error),
    });
    const names = [...host.store.tagsOf(image.id).map(({ name }) => name), ...host.store.digestsOf(image.id)];
    await host.store.removeReferences(names);
    await host.store.remove(image.id);
  }
}

/** The archives are gone or wrong. A disk that is full or cannot be read says nothing about them. */
function isLoss(error: unknown): boolean {
  return (
    isGantryError(error) &&
    ["NotFound", "InvalidArgument", "DataLoss"].includes(error.kind) &&
    !isDiskError(error)
  );
}

async function manifestOf(host: RepairHost, image: StoredImage): Promise<ImageManifest> {
  const stored = image.manifests.find(({ mediaType }) => MANIFEST_TYPES.includes(mediaType));
  if (!stored) throw new GantryError("DataLoss", "it was made here, and there is no archive of its layers");
  const bytes = await host.content.readBytes(stored.digest, host.limits.manifestBytes);
  return JSON.parse(bytes.toString("utf8")) as ImageManifest;
}
