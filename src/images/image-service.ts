import { mkdir } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type Clock, errorMessage, inTurns, type Logger, notFound, systemClock } from "../base/index.ts";
import type { ContentLease, ContentStore } from "../content/types.ts";
import {
  canonicalName,
  formatCanonical,
  type Platform,
  parseImageReference,
  tryParseImageReference,
  withDefaultTag,
} from "../formats/index.ts";
import { commitImage } from "./image-commit.ts";
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./image-limits.ts";
import { findImage, noSuchImage, requireImage, tagToStore } from "./image-lookup.ts";
import { removeImage } from "./image-removal.ts";
import { repairImages } from "./image-repair.ts";
import { ImageStore, type StoredImage } from "./image-store.ts";
import { IndexStore, type StoredIndex } from "./index-store.ts";
import { removedChainIds } from "./layers/chain-ids.ts";
import { archiveInForm, type LayerArchive, type LayerForm } from "./layers/layer-archives.ts";
import { LayerStore } from "./layers/layer-store.ts";
import { type Change, changesOf } from "./snapshots/snapshot-changes.ts";
import { SnapshotStore } from "./snapshots/snapshot-store.ts";
import { usageOf } from "./snapshots/snapshot-usage.ts";
import { BlobDownloads } from "./transfer/blob-downloads.ts";
import { type DocumentsToPush, documentsOfIndex, pushDocuments } from "./transfer/document-push.ts";
import { type FetchLayersOptions, fetchLayers, type RemoteLayer } from "./transfer/fetch-layers.ts";
import { type ImportOptions, importImage } from "./transfer/image-import.ts";
import { loadImages } from "./transfer/image-load.ts";
import {
  describeImage,
  type ImageOrigin,
  pullImage,
  type RemoteImage,
  resolveRemoteImage,
} from "./transfer/image-pull.ts";
import { pushImage } from "./transfer/image-push.ts";
import { saveImages } from "./transfer/image-save.ts";
import type { RegistryRepository, RegistryTransport } from "./transfer/registry-transport.ts";
import type {
  AddImageRequest,
  AddIndexRequest,
  CommitRequest,
  ImageEvent,
  ImageRecord,
  ImageService,
  LoadedImageRecord,
  ProgressEvent,
  RegistryAuth,
  RemovedImage,
  RootfsMount,
  SnapshotBase,
} from "./types.ts";

export interface ImageServiceOptions {
  /** `<home>/images`. */
  dir: string;
  content: ContentStore;
  registry: RegistryTransport;
  logger: Logger;
  clock?: Clock;
  limits?: Partial<ImageLimits>;
}

/**
 * Opens (and makes) the image store. Its parts: `records/` and `references.json` (ImageStore), `layers/` (LayerStore),
 * `snapshots/` (SnapshotStore).
 */
export async function openImageService(options: ImageServiceOptions): Promise<ImageService> {
  const service = new LocalImageService(options);
  await service.open();
  return service;
}

class LocalImageService implements ImageService {
  readonly #dir: string;
  readonly content: ContentStore;
  readonly registry: RegistryTransport;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly limits: ImageLimits;
  readonly store: ImageStore;
  readonly indexes: IndexStore;
  readonly layers: LayerStore;
  readonly snapshots: SnapshotStore;
  readonly downloads: BlobDownloads;
  readonly #layerHolders = new Set<(diffId: string) => boolean>();
  /** Those that are here already and get their names next. */
  readonly #indexesToName = new Set<string>();
  readonly #listeners = new Set<(event: ImageEvent) => void>();

  constructor({ dir, content, registry, logger, clock = systemClock, limits }: ImageServiceOptions) {
    this.#dir = dir;
    this.content = content;
    this.registry = registry;
    this.logger = logger;
    this.clock = clock;
    this.limits = { ...DEFAULT_IMAGE_LIMITS, ...limits };
    this.store = new ImageStore(dir, logger);
    this.indexes = new IndexStore(dir, logger);
    this.layers = new LayerStore({ dir, content, limits: this.limits, logger });
    this.snapshots = new SnapshotStore({ dir, layerDir: (diffId) => this.layers.diffDir(diffId), logger });
    this.downloads = new BlobDownloads(content, clock);
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await Promise.all([this.store.open(), this.indexes.open(), this.layers.open(), this.snapshots.open()]);
    this.content.addReferenceCheck(
      (digest) =>
        this.store.needsBlob(digest) || this.indexes.needsBlob(digest) || this.layers.isBlobNeeded(digest),
    );
    await this.#removeNamelessIndexes();
    await repairImages(this);
  }

  async list(): Promise<ImageRecord[]> {
    return [...this.store.all()].map((image) => this.#recordOf(image));
  }

  async find(reference: string): Promise<ImageRecord | undefined> {
    const image = findImage(this.store, reference);
    return image && this.#recordOf(image);
  }

  async get(reference: string): Promise<ImageRecord> {
    return this.#recordOf(requireImage(this.store, reference));
  }

  async tag(imageId: string, reference: string): Promise<void> {
    const image = requireImage(this.store, imageId);
    const name = tagToStore(reference);
    await this.#sync(image);
    await this.#name(image, [name], this.#indexNamed(imageId)?.digest);
  }

  /** Resolves when the image would survive a power cut. */
  async #sync({ config }: StoredImage): Promise<void> {
    const release = this.layers.hold(config.rootfs.diff_ids);
    try {
      await this.layers.sync(config.rootfs.diff_ids);
    } finally {
      release();
    }
  }

  async #name(image: StoredImage, names: readonly string[], indexDigest?: string): Promise<void> {
    if (names.length === 0) return;
    await this.store.tag(image.id, names, this.clock.nowMs(), indexDigest);
    await this.#removeNamelessIndexes();
    for (const reference of names) this.#emit({ action: "tag", imageId: image.id, reference });
  }

  async #removeNamelessIndexes(): Promise<void> {
    for (const { digest } of [...this.indexes.all()]) {
      if (this.store.isIndexNamed(digest) || this.#indexesToName.has(digest)) continue;
      await this.content.deleteUnreferenced(await this.indexes.remove(digest));
    }
  }

  async remove(
    reference: string,
    options: { force?: boolean; prune?: boolean; inUse?: (imageId: string) => string | undefined },
  ): Promise<RemovedImage[]> {
    const { force = false, prune = true, inUse = () => undefined } = options;
    const { id: imageId } = requireImage(this.store, reference);
    const host = {
      store: this.store,
      emit: (event: ImageEvent) => this.#emit(event),
      deleteImage: (id: string) => this.#delete(id),
    };
    const removed = await removeImage(host, { reference, imageId, force, prune, inUse });
    await this.#removeNamelessIndexes();
    return removed;
  }

  async #delete(imageId: string): Promise<string[]> {
    const image = this.store.get(imageId);
    if (!image) throw noSuchImage(imageId);
    await this.store.remove(imageId);
    const { removed } = await this.#removeLayers(image.config.rootfs.diff_ids, [
      image.id,
      ...image.manifests.map(({ digest }) => digest),
    ]);
    return removedChainIds(image.config.rootfs.diff_ids, removed);
  }

  async #removeLayers(
    diffIds: Iterable<string>,
    blobs: readonly string[],
  ): Promise<{ freedBytes: number; removed: string[] }> {
    const holders = [...this.#layerHolders];
    const isNeeded = (diffId: string) =>
      this.store.needsLayer(diffId) ||
      this.snapshots.needsLayer(diffId) ||
      holders.some((needsLayer) => needsLayer(diffId));
    const layers = await this.layers.removeUnneeded(diffIds, isNeeded);
    const freed = await this.content.deleteUnreferenced([...blobs, ...layers.blobs]);
    return { freedBytes: layers.freedBytes + freed.freedBytes, removed: layers.removed };
  }

  async pull(
    reference: string,
    options: {
      auth?: RegistryAuth;
      platform?: Platform;
      onProgress?: (event: ProgressEvent) => void;
      signal?: AbortSignal;
    },
  ): Promise<ImageRecord> {
    const image = await pullImage(this, reference, options);
    this.#emit({ action: "pull", imageId: image.id, reference });
    return this.#recordOf(image);
  }

  resolveRemote(
    reference: string,
    options: { auth?: RegistryAuth; platform?: Platform; signal?: AbortSignal },
  ): Promise<RemoteImage> {
    return resolveRemoteImage(this, reference, options);
  }

  describeImage(
    origin: ImageOrigin,
    digest: string,
    options: { platform?: Platform; signal?: AbortSignal },
  ): Promise<RemoteImage & { layers: RemoteLayer[] }> {
    return describeImage(this, origin, digest, options);
  }

  async listRemoteTags(
    repository: string,
    { auth, signal }: { auth?: RegistryAuth; signal?: AbortSignal },
  ): Promise<string[]> {
    return this.registry.repository(parseImageReference(repository), { auth }).listTags(signal);
  }

  async push(
    reference: string,
    options: { auth?: RegistryAuth; onProgress?: (event: ProgressEvent) => void; signal?: AbortSignal },
  ): Promise<{ digest: string; sizeBytes: number }> {
    const index = this.#indexNamed(reference);
    if (index) return this.#pushIndex(reference, index, options);
    const { image, digest, sizeBytes } = await pushImage(this, reference, options);
    this.#emit({ action: "push", imageId: image.id, reference });
    return { digest, sizeBytes };
  }

  #indexNamed(text: string): StoredIndex | undefined {
    const reference = tryParseImageReference(text);
    const digest = reference && this.store.indexTarget(formatCanonical(withDefaultTag(reference)));
    return digest === undefined ? undefined : this.indexes.get(digest);
  }

  async #pushIndex(
    reference: string,
    index: StoredIndex,
    options: { auth?: RegistryAuth; onProgress?: (event: ProgressEvent) => void; signal?: AbortSignal },
  ): Promise<{ digest: string; sizeBytes: number }> {
    await this.pushDocuments(reference, await documentsOfIndex(this.content, index), options);
    const { digest } = index;
    const sizeBytes = Buffer.byteLength(index.text);
    const { tag = "latest" } = parseImageReference(reference);
    options.onProgress?.({ status: `${tag}: digest: ${digest} size: ${sizeBytes}` });
    options.onProgress?.({ status: "", aux: { Tag: tag, Digest: digest, Size: sizeBytes } });
    return { digest, sizeBytes };
  }

  async pushDocuments(
    reference: string,
    documents: DocumentsToPush,
    options: {
      auth?: RegistryAuth;
      onProgress?: (event: ProgressEvent) => void;
      signal?: AbortSignal;
      isNoImage?: boolean;
      isByDigest?: boolean;
    },
  ): Promise<void> {
    const pushed = await pushDocuments(this, reference, documents, options);
    const image = options.isNoImage ? undefined : findImage(this.store, reference);
    if (!image) return;
    await this.store.addDigestReference(image.id, `${canonicalName(pushed)}@${documents.root.digest}`);
    this.#emit({ action: "push", imageId: image.id, reference });
  }

  async addIndex({ root, rootBytes, blobs, imageId, references }: AddIndexRequest): Promise<void> {
    const image = requireImage(this.store, imageId);
    const { digest, mediaType } = root;
    const names = references.map(tagToStore);
    await this.#sync(image);
    this.#indexesToName.add(digest);
    try {
      await this.indexes.put({ digest, mediaType, text: rootBytes.toString("utf8"), blobs: [...blobs] });
      await this.#name(image, names, digest);
    } finally {
      this.#indexesToName.delete(digest);
    }
  }

  save(references: readonly string[], signal?: AbortSignal): Readable {
    const { archive, imageIds } = saveImages(this.store, this.layers, references, signal);
    for (const imageId of imageIds) this.#emit({ action: "save", imageId });
    return archive;
  }

  async load(
    archive: Readable,
    onProgress: (event: ProgressEvent) => void = () => {},
  ): Promise<LoadedImageRecord[]> {
    const loaded = await loadImages(this, archive, onProgress);
    for (const { image, names } of loaded) {
      this.#emit({ action: "load", imageId: image.id, reference: names[0] });
    }
    return loaded.map(({ image, names }) => ({ ...this.#recordOf(image), loadedAs: names }));
  }

  async importRootfs(
    archive: Readable,
    options: ImportOptions & { reference?: string },
  ): Promise<ImageRecord> {
    const names = options.reference === undefined ? [] : [tagToStore(options.reference)];
    const image = await importImage(this, archive, options);
    await this.#name(image, names);
    this.#emit({ action: "import", imageId: image.id, reference: options.reference });
    return this.#recordOf(image);
  }

  async commit(request: CommitRequest): Promise<ImageRecord> {
    const names = (request.references ?? []).map(tagToStore);
    const parent = request.parentId === undefined ? undefined : requireImage(this.store, request.parentId);
    const image = await commitImage(this, request, parent);
    // An image without a name is a step on the way to one with a name: what that one is made of is synced then.
    if (names.length > 0) await this.#sync(image);
    else this.#syncLater(image);
    await this.#name(image, names);
    return this.#recordOf(image);
  }

  async add({ configText, references = [], manifest }: AddImageRequest): Promise<ImageRecord> {
    const names = references.map(tagToStore);
    const image = await this.store.put({ configText, storedAtMs: this.clock.nowMs(), manifest });
    if (names.length > 0) await this.#sync(image);
    else this.#syncLater(image);
    await this.#name(image, names);
    return this.#recordOf(image);
  }

  repositoryOf(reference: string, { auth }: { auth?: RegistryAuth }): RegistryRepository {
    return this.registry.repository(parseImageReference(reference), { auth });
  }

  fetchLayers(layers: readonly RemoteLayer[], options: FetchLayersOptions): Promise<() => void> {
    return fetchLayers(this, layers, options);
  }

  async rewriteLayer(
    diffId: string,
    options: { latestMs: number },
  ): Promise<{ diffId: string; release: () => void }> {
    const { record, release } = await this.layers.rewritten(diffId, options);
    return { diffId: record.diffId, release };
  }

  layerArchive(diffId: string, form: LayerForm, lease: ContentLease): Promise<LayerArchive> {
    return archiveInForm(this.layers, this.content, diffId, form, lease);
  }

  #syncLater(image: StoredImage): void {
    this.#sync(image).catch((error) => {
      this.logger.warn("layers not synced yet", { image: image.id, error: errorMessage(error) });
    });
  }

  async prepareSnapshot(key: string, base: SnapshotBase): Promise<RootfsMount> {
    if (typeof base === "object") return this.snapshots.prepare(key, undefined, base.layers);
    const image = base === undefined ? undefined : requireImage(this.store, base);
    return this.snapshots.prepare(key, image?.id, image?.config.rootfs.diff_ids ?? []);
  }

  async commitLayer(key: string): Promise<{ diffId: string; sizeBytes: number; release: () => void }> {
    this.snapshots.require(key);
    const { record, release } = await this.layers.adopt(this.snapshots.upperDir(key));
    return { diffId: record.diffId, sizeBytes: record.contentBytes, release };
  }

  holdLayers(diffIds: readonly string[]): () => void {
    const missing = diffIds.find((diffId) => this.layers.isMissing(diffId));
    if (missing !== undefined) throw notFound(`no such layer: ${missing}`, { code: "Layer.NotFound" });
    return this.layers.hold(diffIds);
  }

  async syncLayers(diffIds: readonly string[]): Promise<void> {
    const release = this.holdLayers(diffIds);
    try {
      await this.layers.sync(diffIds);
    } finally {
      release();
    }
  }

  addLayerHolder(needsLayer: (diffId: string) => boolean): () => void {
    this.#layerHolders.add(needsLayer);
    return () => this.#layerHolders.delete(needsLayer);
  }

  async removeUnneededLayers(diffIds: Iterable<string>): Promise<{ freedBytes: number }> {
    const { freedBytes } = await this.#removeLayers(diffIds, []);
    return { freedBytes };
  }

  layersMount(diffIds: readonly string[]): RootfsMount {
    return this.snapshots.readOnlyMountOf(diffIds);
  }

  isLayerOfImage(diffId: string): boolean {
    return this.store.needsLayer(diffId);
  }

  isLayerHeld(diffId: string): boolean {
    return this.layers.isHeld(diffId);
  }

  layerSize(diffId: string): number | undefined {
    return this.layers.get(diffId)?.contentBytes;
  }

  async snapshotMount(key: string): Promise<RootfsMount> {
    return this.snapshots.mountOf(key);
  }

  async listSnapshots(): Promise<string[]> {
    return this.snapshots.keys();
  }

  async removeSnapshot(key: string): Promise<void> {
    const record = await this.snapshots.remove(key);
    if (record) await this.#removeLayers(record.layers, []);
  }

  async snapshotUsage(key: string): Promise<{ sizeBytes: number; inodes: number }> {
    this.snapshots.require(key);
    return usageOf(this.snapshots.upperDir(key));
  }

  async snapshotChanges(key: string): Promise<Change[]> {
    const { upperDir, lowerDirs } = this.snapshots.mountOf(key);
    const changes: Change[] = [];
    for await (const change of inTurns(changesOf(upperDir!, lowerDirs))) changes.push(change);
    return changes;
  }

  onEvent(listener: (event: ImageEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #emit(event: ImageEvent): void {
    const labels = this.store.get(event.imageId)?.config.config?.Labels;
    if (labels) event.labels = labels;
    for (const listener of this.#listeners) listener(event);
  }

  async collectGarbage(): Promise<{ freedBytes: number }> {
    const layers = await this.#removeLayers(
      [...this.layers.all()].map(({ diffId }) => diffId),
      [],
    );
    const content = await this.content.collectGarbage(new Set());
    return { freedBytes: layers.freedBytes + content.freedBytes };
  }

  #recordOf(image: StoredImage): ImageRecord {
    const { config, id, parentId } = image;
    const tags = this.store.tagsOf(id);
    const sizes = config.rootfs.diff_ids.map((diffId) => this.layers.get(diffId)?.contentBytes ?? 0);
    return {
      id,
      config,
      references: tags.map(({ name }) => name),
      digestReferences: this.store.digestsOf(id),
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      layers: config.rootfs.diff_ids,
      layerSizes: sizes,
      createdAtMs: (config.created && Date.parse(config.created)) || 0,
      lastTaggedAtMs: tags.reduce((latest, { taggedAtMs }) => Math.max(latest, taggedAtMs), 0),
      ...(parentId === undefined ? {} : { parentId }),
    };
  }
}
