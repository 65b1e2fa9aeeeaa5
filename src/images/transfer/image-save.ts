import { Readable } from "node:stream";
import {
  canonicalName,
  digestOf,
  familiarText,
  layoutBlobPath,
  layoutDirectories,
  layoutFile,
  MediaType,
  OCI_LAYOUT_VERSION,
  parseImageReference,
  type TarMemberToWrite,
  tarEntry,
  tryParseImageReference,
  writeTar,
} from "../../formats/index.ts";
import { isIdOf, requireImage } from "../image-lookup.ts";
import type { ImageStore, StoredImage } from "../image-store.ts";
import type { LayerStore } from "../layers/layer-store.ts";

interface SavedImage {
  image: StoredImage;
  /** Canonical `name:tag`. */
  tags: string[];
}

/**
 * The archive of `docker save`: an OCI image layout whose layers are uncompressed, with Docker's `manifest.json` beside its
 * `index.json`. Throws NotFound at once for an unknown name; a name without a tag stands for all tags of its repository.
 */
export function saveImages(
  store: ImageStore,
  layers: LayerStore,
  references: readonly string[],
  signal: AbortSignal | undefined,
): { archive: Readable; imageIds: string[] } {
  const images = selectImages(store, references);
  const release = layers.hold(images.flatMap(({ image }) => image.config.rootfs.diff_ids));
  const archive = Readable.from(writeTar(membersOf(images, layers)), { objectMode: false, signal });
  archive.on("close", release);
  return { archive, imageIds: images.map(({ image }) => image.id) };
}

function selectImages(store: ImageStore, references: readonly string[]): SavedImage[] {
  const selected = new Map<string, SavedImage>();
  for (const text of references) {
    for (const { image, tag } of namedBy(store, text)) {
      const saved = selected.get(image.id) ?? { image, tags: [] };
      if (tag !== undefined && !saved.tags.includes(tag)) saved.tags.push(tag);
      selected.set(image.id, saved);
    }
  }
  return [...selected.values()];
}

function namedBy(store: ImageStore, text: string): { image: StoredImage; tag?: string }[] {
  const reference = tryParseImageReference(text);
  if (reference && reference.tag === undefined && reference.digest === undefined) {
    const repository = canonicalName(reference);
    const all = [...store.all()].flatMap((image) =>
      store.tagsOf(image.id).map(({ name }) => ({ image, tag: name })),
    );
    const ofRepository = all.filter(({ tag }) => canonicalName(parseImageReference(tag)) === repository);
    if (ofRepository.length > 0) return ofRepository;
  }
  const image = requireImage(store, text);
  if (isIdOf(image.id, text) || reference?.tag === undefined) return [{ image }];
  return [{ image, tag: `${canonicalName(reference)}:${reference.tag}` }];
}

async function* membersOf(
  images: readonly SavedImage[],
  layers: LayerStore,
): AsyncGenerator<TarMemberToWrite> {
  yield* layoutDirectories();
  const written = new Set<string>();
  const manifests: object[] = [];
  const dockerManifest: object[] = [];
  for (const { image, tags } of images) {
    yield* layerMembers(image, layers, written);
    const config = Buffer.from(image.configText);
    const manifest = Buffer.from(JSON.stringify(ociManifest(image, layers, config.length)));
    for (const blob of [config, manifest]) {
      if (isNew(written, digestOf(blob))) yield layoutFile(layoutBlobPath(digestOf(blob)), blob);
    }
    manifests.push(...indexEntries(digestOf(manifest), manifest.length, tags));
    dockerManifest.push({
      Config: layoutBlobPath(image.id),
      RepoTags: tags.length > 0 ? tags.map(familiarText) : null,
      Layers: image.config.rootfs.diff_ids.map(layoutBlobPath),
    });
  }
  yield layoutFile(
    "index.json",
    JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }),
  );
  yield layoutFile("manifest.json", JSON.stringify(dockerManifest));
  yield layoutFile("oci-layout", OCI_LAYOUT_VERSION);
}

async function* layerMembers(
  image: StoredImage,
  layers: LayerStore,
  written: Set<string>,
): AsyncGenerator<TarMemberToWrite> {
  for (const diffId of image.config.rootfs.diff_ids) {
    if (!isNew(written, diffId)) continue;
    const sizeBytes = layers.get(diffId)?.tarBytes ?? 0;
    yield {
      entry: tarEntry({ name: layoutBlobPath(diffId), type: "file", sizeBytes }),
      body: layers.archive(diffId),
    };
  }
}

function ociManifest(image: StoredImage, layers: LayerStore, configBytes: number): object {
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: { mediaType: MediaType.ociConfig, digest: image.id, size: configBytes },
    layers: image.config.rootfs.diff_ids.map((digest) => ({
      mediaType: MediaType.ociLayer,
      digest,
      size: layers.get(digest)?.tarBytes ?? 0,
    })),
  };
}

function indexEntries(digest: string, size: number, tags: readonly string[]): object[] {
  const descriptor = { mediaType: MediaType.ociManifest, digest, size };
  if (tags.length === 0) return [descriptor];
  return tags.map((tag) => ({
    ...descriptor,
    annotations: {
      "io.containerd.image.name": tag,
      "org.opencontainers.image.ref.name": parseImageReference(tag).tag,
    },
  }));
}

function isNew(written: Set<string>, digest: string): boolean {
  if (written.has(digest)) return false;
  written.add(digest);
  return true;
}
