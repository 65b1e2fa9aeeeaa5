import { type Clock, GantryError, notFound } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import {
  canonicalName,
  type Descriptor,
  detectCompression,
  formatCanonical,
  formatFamiliar,
  type ImageConfig,
  type ImageManifest,
  type ImageReference,
  MediaType,
  type Platform,
  parseImageReference,
  shortId,
  withDefaultTag,
} from "../../formats/index.ts";
import type { ImageLimits } from "../image-limits.ts";
import type { ImageStore, StoredImage, StoredManifest } from "../image-store.ts";
import type { LayerBlob, LayerStore } from "../layers/layer-store.ts";
import {
  assertImage,
  choosePlatform,
  formatPlatform,
  hostPlatform,
  parseConfig,
  parseManifest,
} from "../manifests.ts";
import type { RegistryAuth } from "../types.ts";
import type { BlobDownloads } from "./blob-downloads.ts";
import type { RemoteLayer } from "./fetch-layers.ts";
import { forEachLimited, type Report, throttled } from "./progress.ts";
import type { FetchedManifest, RegistryRepository, RegistryTransport } from "./registry-transport.ts";

export interface PullHost {
  store: ImageStore;
  layers: LayerStore;
  content: ContentStore;
  downloads: BlobDownloads;
  registry: RegistryTransport;
  limits: ImageLimits;
  clock: Clock;
}

export interface PullOptions {
  auth?: RegistryAuth;
  platform?: Platform;
  onProgress?: Report;
  signal?: AbortSignal;
}

const PARALLEL_LAYERS = 3;

/** What a registry says of an image. */
export interface RemoteImage {
  /** Of the manifest, or of the index around it: what the name stands for. */
  digest: string;
  config: ImageConfig;
}

/** An image's digest and configuration at its registry; nothing of it is kept but its small documents, while the content store likes. */
export async function resolveRemoteImage(
  host: PullHost,
  text: string,
  options: PullOptions,
): Promise<RemoteImage> {
  const reference = withDefaultTag(parseImageReference(text));
  const repository = host.registry.repository(reference, { auth: options.auth });
  const { digest, config } = await describeImage(
    host,
    repository,
    reference.digest ?? reference.tag!,
    options,
  );
  return { digest, config };
}

/** Where an image's documents and layers can be had. */
export type ImageOrigin = Pick<RegistryRepository, "fetchManifest" | "openBlob">;

/** What an image is, with its layers where they lie. */
export async function describeImage(
  host: Pick<PullHost, "content" | "downloads" | "limits">,
  origin: ImageOrigin,
  tagOrDigest: string,
  options: Pick<PullOptions, "platform" | "signal">,
): Promise<RemoteImage & { layers: RemoteLayer[] }> {
  const top = await origin.fetchManifest(tagOrDigest, options.signal);
  const { manifest } = await resolvePlatform(host, origin, top, options);
  assertImage(manifest, host.limits);
  const lease = await host.content.lease([manifest.config.digest]);
  try {
    const { config } = await fetchConfig(host, origin, manifest, lease, options.signal);
    const openBlob: RemoteLayer["openBlob"] = (...args) => origin.openBlob(...args);
    const layers = manifest.layers.map((blob, at) => ({
      diffId: config.rootfs.diff_ids[at]!,
      blob,
      openBlob,
    }));
    return { digest: top.digest, config, layers };
  } finally {
    await lease.release();
    await host.content.deleteUnreferenced([manifest.config.digest]);
  }
}

interface Resolved {
  manifest: ImageManifest;
  /** The image's own manifest, and the index around it where there is one. */
  documents: FetchedManifest[];
}

/** Fetches what is missing of an image and gives it the name by which it was asked for. */
export async function pullImage(host: PullHost, text: string, options: PullOptions): Promise<StoredImage> {
  const reference = withDefaultTag(parseImageReference(text));
  const report = options.onProgress ?? (() => {});
  const repository = host.registry.repository(reference, { auth: options.auth });
  const tagOrDigest = reference.digest ?? reference.tag!;
  const top = await repository.fetchManifest(tagOrDigest, options.signal);
  report({ id: tagOrDigest, status: `Pulling from ${reference.path}` });
  const before = host.store.tagTarget(formatCanonical(reference));
  const known = knownImage(host.store, reference, top.digest, options.platform);
  const image = known ?? (await pullContent(host, repository, reference, top, options, report));
  await name(host, image, reference, top.digest);
  report({ status: `Digest: ${top.digest}` });
  const isNew = known === undefined && before !== image.id;
  const shown = formatFamiliar(reference);
  report({
    status: isNew
      ? `Status: Downloaded newer image for ${shown}`
      : `Status: Image is up to date for ${shown}`,
  });
  return image;
}

/** The image that this digest named before, if it is of the wanted platform. */
function knownImage(
  store: ImageStore,
  reference: ImageReference,
  digest: string,
  platform: Platform | undefined,
): StoredImage | undefined {
  const id = store.digestTarget(`${canonicalName(reference)}@${digest}`);
  const image = id === undefined ? undefined : store.get(id);
  if (!image || !platform) return image;
  return image.config.architecture === platform.architecture ? image : undefined;
}

async function name(
  host: PullHost,
  image: StoredImage,
  reference: ImageReference,
  digest: string,
): Promise<void> {
  await host.store.addDigestReference(image.id, `${canonicalName(reference)}@${digest}`);
  if (reference.digest === undefined && host.store.tagTarget(formatCanonical(reference)) !== image.id) {
    await host.store.tag(image.id, [formatCanonical(reference)], host.clock.nowMs());
  }
}

async function pullContent(
  host: PullHost,
  repository: RegistryRepository,
  reference: ImageReference,
  top: FetchedManifest,
  options: PullOptions,
  report: Report,
): Promise<StoredImage> {
  const { manifest, documents } = await resolvePlatform(host, repository, top, options);
  assertImage(manifest, host.limits);
  const lease = await host.content.lease([
    manifest.config.digest,
    ...manifest.layers.map(({ digest }) => digest),
  ]);
  let release = () => {};
  try {
    const { text, config } = await fetchConfig(host, repository, manifest, lease, options.signal);
    const diffIds = config.rootfs.diff_ids;
    release = host.layers.hold(diffIds);
    // An image that is here already is not talked about: it only gets one more name.
    const tell = host.store.get(manifest.config.digest) ? () => {} : report;
    await pullLayers(host, repository, reference, manifest.layers, diffIds, options.signal, tell);
    await host.layers.sync(diffIds);
    let image: StoredImage | undefined;
    for (const document of documents.toReversed()) {
      const stored = await storeDocument(host.content, document, lease);
      image = await host.store.put({ configText: text, storedAtMs: host.clock.nowMs(), manifest: stored });
    }
    return image!;
  } finally {
    release();
    await lease.release();
  }
}

async function storeDocument(
  content: ContentStore,
  document: FetchedManifest,
  lease: ContentLease,
): Promise<StoredManifest> {
  lease.add(document.digest);
  if (!(await content.stat(document.digest))) {
    await content.ingest(document.bytes, { expectedDigest: document.digest });
  }
  return { digest: document.digest, sizeBytes: document.bytes.length, mediaType: document.mediaType };
}

/** Follows indexes, which may lie in each other a few times, to the manifest of the wanted platform. */
async function resolvePlatform(
  host: Pick<PullHost, "limits">,
  repository: ImageOrigin,
  top: FetchedManifest,
  options: Pick<PullOptions, "platform" | "signal">,
): Promise<Resolved> {
  const wanted = options.platform ?? hostPlatform();
  const documents = [top];
  for (let depth = 0; depth <= host.limits.indexDepth; depth++) {
    const document = documents.at(-1)!;
    const parsed = parseManifest(document.bytes, document.mediaType);
    if (parsed.kind === "manifest") return { manifest: parsed.manifest, documents: documents.reverse() };
    const chosen = choosePlatform(parsed.index, wanted);
    if (!chosen) {
      throw notFound(`no matching manifest for ${formatPlatform(wanted)} in the manifest list entries`, {
        code: "Image.NoPlatform",
      });
    }
    documents.push(await repository.fetchManifest(chosen.digest, options.signal));
  }
  throw new GantryError("InvalidArgument", "invalid image: indexes lie too deep in each other", {
    code: "Image.Malformed",
  });
}

async function fetchConfig(
  host: Pick<PullHost, "content" | "downloads" | "limits">,
  repository: ImageOrigin,
  manifest: ImageManifest,
  lease: ContentLease,
  signal: AbortSignal | undefined,
) {
  const { digest, size } = manifest.config;
  if (size > host.limits.configBytes) {
    throw new GantryError(
      "ResourceExhausted",
      `the image configuration is larger than ${host.limits.configBytes} bytes`,
      {
        code: "Image.ConfigTooLarge",
      },
    );
  }
  lease.add(digest);
  if (!(await host.content.stat(digest))) await host.downloads.fetch(repository, manifest.config, { signal });
  const bytes = await host.content.readBytes(digest, host.limits.configBytes);
  return parseConfig(bytes, manifest.layers.length);
}

async function pullLayers(
  host: PullHost,
  repository: RegistryRepository,
  reference: ImageReference,
  descriptors: readonly Descriptor[],
  diffIds: readonly string[],
  signal: AbortSignal | undefined,
  report: Report,
): Promise<void> {
  for (const { digest } of descriptors) report({ id: shortId(digest), status: "Pulling fs layer" });
  for (const { digest } of descriptors.slice(PARALLEL_LAYERS))
    report({ id: shortId(digest), status: "Waiting" });
  await forEachLimited(descriptors, PARALLEL_LAYERS, (descriptor, index) =>
    pullLayer(host, repository, reference, descriptor, diffIds[index]!, signal, report),
  );
}

async function pullLayer(
  host: PullHost,
  repository: RegistryRepository,
  reference: ImageReference,
  descriptor: Descriptor,
  diffId: string,
  signal: AbortSignal | undefined,
  report: Report,
): Promise<void> {
  const id = shortId(descriptor.digest);
  const blob: LayerBlob = {
    digest: descriptor.digest,
    sizeBytes: descriptor.size,
    mediaType: descriptor.mediaType,
    repositories: [canonicalName(reference)],
  };
  const known = host.layers.get(diffId);
  if (known && (known.own || known.blobs.some(({ digest }) => digest === blob.digest))) {
    await host.layers.addBlob(diffId, blob);
    report({ id, status: "Already exists" });
    return;
  }
  const lines = throttled(report, host.clock);
  if (!(await host.content.stat(descriptor.digest))) {
    const onProgress = (current: number) =>
      lines({ id, status: "Downloading", current, total: descriptor.size });
    await host.downloads.fetch(repository, descriptor, { onProgress, signal });
    report({ id, status: "Verifying Checksum" });
  }
  report({ id, status: "Download complete" });
  await host.layers.unpack(diffId, blob, (current) =>
    lines({ id, status: "Extracting", current, total: descriptor.size }),
  );
  report({ id, status: "Pull complete" });
}

/** What a layer's blob is by its first bytes, as a media type of the OCI specification. */
export function layerMediaTypeOf(head: Uint8Array): string {
  const compression = detectCompression(head);
  if (compression === "gzip") return MediaType.ociLayerGzip;
  return compression === "zstd" ? MediaType.ociLayerZstd : MediaType.ociLayer;
}
