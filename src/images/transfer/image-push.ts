import { Readable } from "node:stream";
import { type Clock, GantryError, isGantryError, notFound } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import {
  canonicalName,
  countingTransform,
  createDeterministicGzip,
  type Descriptor,
  digestOf,
  formatCanonical,
  formatFamiliar,
  type ImageManifest,
  type ImageReference,
  MediaType,
  parseImageReference,
  shortId,
  withDefaultTag,
} from "../../formats/index.ts";
import type { ImageStore, StoredImage } from "../image-store.ts";
import type { LayerBlob, LayerRecord, LayerStore } from "../layers/layer-store.ts";
import { MANIFEST_TYPES } from "../manifests.ts";
import type { RegistryAuth } from "../types.ts";
import { forEachLimited, type Report, throttled } from "./progress.ts";
import type { RegistryRepository, RegistryTransport } from "./registry-transport.ts";

export interface PushHost {
  store: ImageStore;
  layers: LayerStore;
  content: ContentStore;
  registry: RegistryTransport;
  clock: Clock;
}

export interface PushOptions {
  auth?: RegistryAuth;
  onProgress?: Report;
  signal?: AbortSignal;
}

const PARALLEL_LAYERS = 3;
const MANIFEST_LIMIT = 4 * 2 ** 20;

interface Push {
  host: PushHost;
  reference: ImageReference;
  repository: RegistryRepository;
  lease: ContentLease;
  report: Report;
  signal: AbortSignal | undefined;
}

/** Sends what the registry lacks of a tagged image, and the manifest. Layers made here are compressed on the way. */
export async function pushImage(
  host: PushHost,
  text: string,
  options: PushOptions,
): Promise<{ image: StoredImage; digest: string; sizeBytes: number }> {
  const reference = withDefaultTag(parseImageReference(text));
  const image = taggedImage(host.store, reference);
  const report = options.onProgress ?? (() => {});
  const release = host.layers.hold(image.config.rootfs.diff_ids);
  const lease = await host.content.lease();
  const repository = host.registry.repository(reference, { auth: options.auth, push: true });
  const push: Push = { host, reference, repository, lease, report, signal: options.signal };
  try {
    const stored = await storedManifest(push, image);
    const layers = await pushLayers(push, image, stored?.manifest);
    await pushConfig(push, image);
    const document = documentFor(image, layers, stored);
    await repository.putManifest(reference.tag!, document.mediaType, document.bytes, options.signal);
    const digest = digestOf(document.bytes);
    await remember(push, image, document, digest);
    const sizeBytes = document.bytes.length;
    report({ status: `${reference.tag}: digest: ${digest} size: ${sizeBytes}` });
    report({ status: "", aux: { Tag: reference.tag!, Digest: digest, Size: sizeBytes } });
    return { image, digest, sizeBytes };
  } finally {
    release();
    await lease.release();
  }
}

function taggedImage(store: ImageStore, reference: ImageReference): StoredImage {
  const id = reference.tag === undefined ? undefined : store.tagTarget(formatCanonical(reference));
  const image = id === undefined ? undefined : store.get(id);
  if (image) return image;
  throw notFound(
    `An image does not exist locally with the tag: ${formatFamiliar({ ...reference, tag: undefined })}`,
    {
      code: "Image.NotFound",
    },
  );
}

interface Document {
  bytes: Buffer;
  mediaType: string;
}

interface StoredDocument extends Document {
  manifest: ImageManifest;
}

/** The manifest with which the image came, if it did: pushed again as it is, the image keeps its digest. */
async function storedManifest(push: Push, image: StoredImage): Promise<StoredDocument | undefined> {
  const known = image.manifests.find(({ mediaType }) => MANIFEST_TYPES.includes(mediaType));
  if (!known) return undefined;
  push.lease.add(known.digest);
  try {
    const bytes = await push.host.content.readBytes(known.digest, MANIFEST_LIMIT);
    return {
      bytes,
      mediaType: known.mediaType,
      manifest: JSON.parse(bytes.toString("utf8")) as ImageManifest,
    };
  } catch (error) {
    if (isGantryError(error, "NotFound")) return undefined;
    throw error;
  }
}

async function pushLayers(
  push: Push,
  image: StoredImage,
  manifest: ImageManifest | undefined,
): Promise<LayerBlob[]> {
  const diffIds = image.config.rootfs.diff_ids;
  const pushed: LayerBlob[] = new Array(diffIds.length);
  for (const diffId of diffIds.toReversed()) push.report({ id: shortId(diffId), status: "Preparing" });
  for (const diffId of diffIds.toReversed().slice(PARALLEL_LAYERS)) {
    push.report({ id: shortId(diffId), status: "Waiting" });
  }
  const order = diffIds.map((diffId, index) => ({ diffId, index })).reverse();
  // The same layer twice in an image (an empty one, say) is sent once.
  const sending = new Map<string, Promise<LayerBlob>>();
  await forEachLimited(order, PARALLEL_LAYERS, async ({ diffId, index }) => {
    const preferred = manifest?.layers[index]?.digest;
    const sent = sending.get(diffId) ?? pushLayer(push, diffId, preferred);
    sending.set(diffId, sent);
    pushed[index] = await sent;
  });
  return pushed;
}

async function pushLayer(
  push: Push,
  diffId: string,
  preferredDigest: string | undefined,
): Promise<LayerBlob> {
  const layer = push.host.layers.get(diffId);
  if (!layer) throw new GantryError("DataLoss", `layer ${diffId} is missing`, { code: "Layer.NotFound" });
  const id = shortId(diffId);
  const candidates = layer.blobs.toSorted((a, b) => rank(b, preferredDigest) - rank(a, preferredDigest));
  for (const blob of candidates) push.lease.add(blob.digest);
  const there = await findThere(push, candidates);
  if (there) {
    push.report({
      id,
      status: there.mountedFrom ? `Mounted from ${there.mountedFrom}` : "Layer already exists",
    });
    return rememberPlace(push, diffId, there.blob);
  }
  const blob = await upload(push, layer, candidates, preferredDigest);
  push.report({ id, status: "Pushed" });
  return rememberPlace(push, diffId, blob);
}

const isCompressed = ({ mediaType }: LayerBlob) => /gzip|zstd/.test(mediaType);
const rank = (blob: LayerBlob, preferredDigest: string | undefined) =>
  blob.digest === preferredDigest ? 1 : 0;

async function findThere(
  push: Push,
  candidates: readonly LayerBlob[],
): Promise<{ blob: LayerBlob; mountedFrom?: string } | undefined> {
  for (const blob of candidates) {
    if (await push.repository.hasBlob(blob.digest, push.signal)) return { blob };
  }
  const own = canonicalName(push.reference);
  for (const blob of candidates) {
    for (const place of blob.repositories) {
      const { domain, path } = parseImageReference(place);
      if (domain !== push.reference.domain || place === own) continue;
      if (await push.repository.mountBlob(blob.digest, path, push.signal)) return { blob, mountedFrom: path };
    }
  }
  return undefined;
}

async function upload(
  push: Push,
  layer: LayerRecord,
  candidates: readonly LayerBlob[],
  preferredDigest: string | undefined,
): Promise<LayerBlob> {
  const id = shortId(layer.diffId);
  const lines = throttled(push.report, push.host.clock);
  for (const blob of candidates) {
    // A plain archive is compressed on its way, unless the image's manifest wants it as it is.
    if (!isCompressed(blob) && blob.digest !== preferredDigest) continue;
    if (!(await push.host.content.stat(blob.digest))) continue;
    await push.repository.uploadBlob(
      {
        open: () => push.host.content.open(blob.digest),
        digest: blob.digest,
        sizeBytes: blob.sizeBytes,
        onProgress: (current) => lines({ id, status: "Pushing", current, total: blob.sizeBytes }),
      },
      push.signal,
    );
    return blob;
  }
  const onRead = (current: number) => lines({ id, status: "Pushing", current, total: layer.tarBytes });
  const open = () => compressed(push.host.layers.archive(layer.diffId), onRead);
  const { digest, sizeBytes } = await push.repository.uploadBlob({ open }, push.signal);
  return { digest, sizeBytes, mediaType: MediaType.dockerLayerGzip, repositories: [] };
}

function compressed(source: Readable | AsyncIterable<Uint8Array>, onRead: (bytes: number) => void): Readable {
  const archive = Readable.from(source, { objectMode: false });
  const gzip = createDeterministicGzip(4);
  const counting = countingTransform(onRead);
  archive.on("error", (error) => gzip.destroy(error));
  gzip.on("close", () => archive.destroy());
  return archive.pipe(counting).pipe(gzip);
}

async function rememberPlace(push: Push, diffId: string, blob: LayerBlob): Promise<LayerBlob> {
  push.lease.add(blob.digest);
  await push.host.layers.addBlob(diffId, { ...blob, repositories: [canonicalName(push.reference)] });
  return blob;
}

async function pushConfig(push: Push, image: StoredImage): Promise<void> {
  if (await push.repository.hasBlob(image.id, push.signal)) return;
  const bytes = Buffer.from(image.configText);
  await push.repository.uploadBlob(
    { open: () => once(bytes), digest: image.id, sizeBytes: bytes.length },
    push.signal,
  );
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function documentFor(
  image: StoredImage,
  layers: readonly LayerBlob[],
  stored: StoredDocument | undefined,
): Document {
  const isSame =
    stored?.manifest.layers.length === layers.length &&
    stored.manifest.layers.every(({ digest }, index) => digest === layers[index]!.digest);
  return isSame ? stored! : newDocument(image, layers);
}

/** Docker's schema 2, as dockerd pushes; the OCI form where a layer has a compression that only OCI knows. */
function newDocument(image: StoredImage, layers: readonly LayerBlob[]): Document {
  const isOci = layers.some(({ mediaType }) => mediaType.includes("zstd"));
  const mediaType = isOci ? MediaType.ociManifest : MediaType.dockerManifest;
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: isOci ? MediaType.ociConfig : MediaType.dockerConfig,
      size: Buffer.byteLength(image.configText),
      digest: image.id,
    },
    layers: layers.map((blob) => layerDescriptor(blob, isOci)),
  };
  return { mediaType, bytes: Buffer.from(JSON.stringify(manifest, null, 3)) };
}

function layerDescriptor(blob: LayerBlob, isOci: boolean): Descriptor {
  const { digest, sizeBytes: size } = blob;
  if (blob.mediaType.includes("zstd")) return { mediaType: MediaType.ociLayerZstd, size, digest };
  const isGzip = /gzip$/.test(blob.mediaType);
  const [plain, gzip] = isOci
    ? [MediaType.ociLayer, MediaType.ociLayerGzip]
    : [MediaType.dockerLayer, MediaType.dockerLayerGzip];
  return { mediaType: isGzip ? gzip : plain, size, digest };
}

/** From now on the image is known by this digest too, and the next push of it sends the same bytes. */
async function remember(push: Push, image: StoredImage, document: Document, digest: string): Promise<void> {
  const { host, reference, lease } = push;
  lease.add(digest);
  if (!(await host.content.stat(digest))) await host.content.ingest(document.bytes);
  const manifest = { digest, sizeBytes: document.bytes.length, mediaType: document.mediaType };
  await host.store.put({ configText: image.configText, storedAtMs: host.clock.nowMs(), manifest });
  await host.store.addDigestReference(image.id, `${canonicalName(reference)}@${digest}`);
}
