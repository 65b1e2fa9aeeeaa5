import type { Readable } from "node:stream";
import { type Clock, invalidArgument } from "../../base/index.ts";
import type { BlobInfo, ContentStore } from "../../content/index.ts";
import {
  COMPRESSION_MAGIC_BYTES,
  type ImageConfig,
  type ImageRuntimeConfig,
  type Platform,
} from "../../formats/index.ts";
import type { ImageLimits } from "../image-limits.ts";
import type { ImageStore, StoredImage } from "../image-store.ts";
import type { LayerStore } from "../layers/layer-store.ts";
import { hostPlatform } from "../manifests.ts";
import { layerMediaTypeOf } from "./image-pull.ts";

export interface ImportHost {
  store: ImageStore;
  layers: LayerStore;
  content: ContentStore;
  limits: ImageLimits;
  clock: Clock;
}

export interface ImportOptions {
  config?: ImageRuntimeConfig;
  message?: string;
  /** What the files are for; this machine's if absent. */
  platform?: Platform;
}

/** `docker import`: the archive of a whole root file system becomes an image of one layer. */
export async function importImage(
  host: ImportHost,
  archive: Readable,
  options: ImportOptions,
): Promise<StoredImage> {
  if (options.platform && options.platform.os !== "linux") {
    throw invalidArgument("operating system is not supported", { code: "Image.WrongOs" });
  }
  const lease = await host.content.lease();
  let blob: BlobInfo | undefined;
  try {
    blob = await host.content.ingest(archive, { limitBytes: host.limits.layerBytes, lease });
    const mediaType = layerMediaTypeOf(await headOf(host.content, blob.digest));
    const { record, release } = await host.layers.unpackUnknown({ ...blob, mediaType, repositories: [] });
    try {
      await host.layers.sync([record.diffId]);
      const configText = JSON.stringify(configOf(host, record.diffId, options));
      return await host.store.put({ configText, storedAtMs: host.clock.nowMs() });
    } finally {
      release();
    }
  } finally {
    await lease.release();
    if (blob) await host.content.deleteUnreferenced([blob.digest]);
  }
}

function configOf(
  host: ImportHost,
  diffId: string,
  { config = {}, message = "", platform }: ImportOptions,
): ImageConfig {
  const created = new Date(host.clock.nowMs()).toISOString();
  const { architecture, os, variant } = platform ?? hostPlatform();
  return {
    created,
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config,
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment: message }],
  };
}

async function headOf(content: ContentStore, digest: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of content.open(digest, { start: 0, end: COMPRESSION_MAGIC_BYTES - 1 }))
    parts.push(chunk);
  return Buffer.concat(parts);
}
