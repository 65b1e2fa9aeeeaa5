import type { Descriptor } from "../../formats/index.ts";
import type { ProgressEvent } from "../types.ts";
import type { PullHost } from "./image-pull.ts";
import { forEachLimited, throttled } from "./progress.ts";
import type { RegistryRepository } from "./registry-transport.ts";

/** A layer whose archive lies elsewhere. */
export interface RemoteLayer {
  diffId: string;
  blob: Descriptor;
  /** Opens the archive from this byte on; what comes is verified. */
  openBlob: RegistryRepository["openBlob"];
}

export interface FetchLayersOptions {
  signal?: AbortSignal;
  /** Its `id` is the whole digest of the archive. */
  onProgress?: (event: ProgressEvent) => void;
}

const PARALLEL_LAYERS = 3;

/** Gets those of these layers that are not here; each is held until what is returned is called. */
export async function fetchLayers(
  host: Pick<PullHost, "layers" | "content" | "downloads" | "clock">,
  layers: readonly RemoteLayer[],
  { signal, onProgress = () => {} }: FetchLayersOptions,
): Promise<() => void> {
  const release = host.layers.hold(layers.map(({ diffId }) => diffId));
  try {
    const missing = layers.filter(({ diffId }) => host.layers.isMissing(diffId));
    await forEachLimited(missing, PARALLEL_LAYERS, (layer) =>
      fetchLayer(host, layer, { signal, onProgress }),
    );
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

async function fetchLayer(
  { layers, content, downloads, clock }: Pick<PullHost, "layers" | "content" | "downloads" | "clock">,
  { diffId, blob, openBlob }: RemoteLayer,
  { signal, onProgress }: Required<Pick<FetchLayersOptions, "onProgress">> & FetchLayersOptions,
): Promise<void> {
  const { digest: id, size, mediaType } = blob;
  const report = throttled(onProgress, clock);
  const lease = await content.lease([id]);
  try {
    if (!(await content.stat(id))) {
      await downloads.fetch({ openBlob }, blob, {
        signal,
        onProgress: (current) => report({ id, status: "Downloading", current, total: size }),
      });
    }
    report({ id, status: "Download complete" });
    await layers.unpack(diffId, { digest: id, sizeBytes: size, mediaType, repositories: [] }, (current) =>
      report({ id, status: "Extracting", current, total: size }),
    );
    report({ id, status: "Pull complete" });
  } finally {
    await lease.release();
  }
}
