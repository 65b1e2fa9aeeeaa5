import type { Readable } from "node:stream";
import type { ContentLease } from "../content/types.ts";
import type { HistoryEntry, ImageConfig, ImageRuntimeConfig, Platform } from "../formats/oci-types.ts";
import type { LayerArchive, LayerForm } from "./layers/layer-archives.ts";
import type { DocumentsToPush } from "./transfer/document-push.ts";
import type { FetchLayersOptions, RemoteLayer } from "./transfer/fetch-layers.ts";
import type { ImageOrigin } from "./transfer/image-pull.ts";
import type { RegistryRepository } from "./transfer/registry-transport.ts";

export type { DocumentsToPush, ImageOrigin, LayerArchive, LayerForm, RegistryRepository, RemoteLayer };

/** One image of the house's only image store. */
export interface ImageRecord {
  /** Digest of the configuration: `sha256:<hex>`. */
  id: string;
  config: ImageConfig;
  /** Familiar full names: `docker.io/library/busybox:latest` is kept canonical here. */
  references: string[];
  /** Canonical `name@sha256:…` under which a manifest of this image was pulled or pushed. */
  digestReferences: string[];
  /** Bytes of all layers on disk. */
  sizeBytes: number;
  /** Diff ids, bottom first: one a layer. */
  layers: string[];
  /** Bytes of the files of each layer, in the order of `layers`. */
  layerSizes?: number[];
  createdAtMs: number;
  /** When the image was last tagged here. */
  lastTaggedAtMs: number;
  parentId?: string;
}

/** What to hand to mount(2) for a container's root: overlay directories, bottom layer last (overlay's own order). */
export interface RootfsMount {
  type: "overlay" | "bind";
  lowerDirs: string[];
  upperDir?: string;
  workDir?: string;
}

export interface ImageEvent {
  action: "tag" | "untag" | "delete" | "pull" | "push" | "save" | "load" | "import";
  imageId: string;
  reference?: string;
  /** The image's labels, while it is there. */
  labels?: Record<string, string>;
}

/** An image out of an archive. */
export interface LoadedImageRecord extends ImageRecord {
  /** Those of its canonical names that the archive gave it; none for an archive without names. */
  loadedAs: string[];
}

export interface RemovedImage {
  untagged?: string;
  /** An image id, or the chain id of a layer that nothing needs any more (OCI image-spec, config.md, ChainID). */
  deleted?: string;
}

export interface ProgressEvent {
  /** Layer or reference the line is about; absent for whole-operation lines. */
  id?: string;
  status: string;
  current?: number;
  total?: number;
  /** Set on the last event of a push, as Docker's `aux`. */
  aux?: { Tag: string; Digest: string; Size: number };
}

export interface RegistryAuth {
  username?: string;
  password?: string;
  identityToken?: string;
  registryToken?: string;
}

/** What commits a container's or a build step's changes as a new image. */
export interface CommitRequest {
  /** Image below, or undefined for scratch. */
  parentId?: string;
  /** Snapshot whose upper directory becomes the new top layer; undefined: no new layer (metadata only). */
  snapshotKey?: string;
  /**
   * The new top layer, made already and held by the caller. A snapshot whose upper directory it was made of goes on, empty, on
   * top of it.
   */
  layer?: string;
  /**
   * The snapshot stays in use (`docker commit` of a container): its upper directory is copied. Without it the upper
   * directory itself becomes the layer, at no cost, and the snapshot is empty afterwards; it must not be mounted then.
   */
  keepSnapshot?: boolean;
  /** Complete runtime configuration of the new image. */
  config: ImageRuntimeConfig;
  history: HistoryEntry;
  author?: string;
  platform?: Platform;
  createdAtMs?: number;
  references?: string[];
}

/** An image's id, or diff ids of layers, bottom first; undefined: nothing. */
export type SnapshotBase = string | { layers: readonly string[] } | undefined;

/** An image of layers that are here, each held by who adds it. */
export interface AddImageRequest {
  /** The configuration's exact bytes. */
  configText: string;
  references?: readonly string[];
  /** A manifest of it whose bytes are in the content store, held by a lease of the caller's. */
  manifest?: { digest: string; sizeBytes: number; mediaType: string };
}

/** An index whose blobs are all in the content store, held by a lease of the caller's. */
export interface AddIndexRequest {
  root: { digest: string; mediaType: string };
  rootBytes: Buffer;
  /** Digests of all that it leads to. */
  blobs: readonly string[];
  /** The one of its images that the names stand for on this machine. */
  imageId: string;
  references: readonly string[];
}

export interface ImageService {
  list(): Promise<ImageRecord[]>;
  /** By reference (familiar or canonical), `name@digest`, id or unique id prefix. Undefined when there is none. */
  find(reference: string): Promise<ImageRecord | undefined>;
  /** As `find`; throws NotFound `No such image: …` (`Image.NotFound`). */
  get(reference: string): Promise<ImageRecord>;
  /** `image` is an id or a name; one that stands for an index gives the index another name. */
  tag(image: string, reference: string): Promise<void>;
  /**
   * Docker's rmi: untag, then delete what nothing refers to. `inUse` says which container uses an image:
   * `running container <id>` or `stopped container <id>`.
   */
  remove(
    reference: string,
    options: { force?: boolean; prune?: boolean; inUse?: (imageId: string) => string | undefined },
  ): Promise<RemovedImage[]>;
  pull(
    reference: string,
    options: {
      auth?: RegistryAuth;
      platform?: Platform;
      onProgress?: (event: ProgressEvent) => void;
      signal?: AbortSignal;
    },
  ): Promise<ImageRecord>;
  /** An image's digest (of what the name stands for) and configuration at its registry, without its layers. */
  resolveRemote(
    reference: string,
    options: { auth?: RegistryAuth; platform?: Platform; signal?: AbortSignal },
  ): Promise<{ digest: string; config: ImageConfig }>;
  /** As `resolveRemote`, of an image that lies elsewhere than at a registry; with its layers, for `fetchLayers`. */
  describeImage(
    origin: ImageOrigin,
    digest: string,
    options: { platform?: Platform; signal?: AbortSignal },
  ): Promise<{ digest: string; config: ImageConfig; layers: RemoteLayer[] }>;
  /** The tags that a repository has at its registry. */
  listRemoteTags(
    repository: string,
    options: { auth?: RegistryAuth; signal?: AbortSignal },
  ): Promise<string[]>;
  /** Reports the layers and the final digest; that the push began is the caller's to say, once for all tags. */
  push(
    reference: string,
    options: { auth?: RegistryAuth; onProgress?: (event: ProgressEvent) => void; signal?: AbortSignal },
  ): Promise<{ digest: string; sizeBytes: number }>;
  /** `docker save` archive (OCI layout with a Docker manifest.json). Throws NotFound at once for an unknown name. */
  save(references: readonly string[], signal?: AbortSignal): Readable;
  /** Reports `Loading layer` lines by diff id; which images were loaded is what it returns. */
  load(archive: Readable, onProgress?: (event: ProgressEvent) => void): Promise<LoadedImageRecord[]>;
  /** `docker import`: one tar becomes a one-layer image. */
  importRootfs(
    archive: Readable,
    options: { config?: ImageRuntimeConfig; reference?: string; message?: string; platform?: Platform },
  ): Promise<ImageRecord>;
  commit(request: CommitRequest): Promise<ImageRecord>;
  add(request: AddImageRequest): Promise<ImageRecord>;
  /** Names an index: it stays as long as one of its names does. */
  addIndex(request: AddIndexRequest): Promise<void>;
  /** Sends documents that need not be an image of the store. `isNoImage`: the name stands for something else there; `isByDigest`: it gets no tag. */
  pushDocuments(
    reference: string,
    documents: DocumentsToPush,
    options: {
      auth?: RegistryAuth;
      onProgress?: (event: ProgressEvent) => void;
      signal?: AbortSignal;
      isNoImage?: boolean;
      isByDigest?: boolean;
    },
  ): Promise<void>;
  /** Where a name leads to at its registry, for what is no image. */
  repositoryOf(reference: string, options: { auth?: RegistryAuth }): RegistryRepository;
  /** Gets those of these layers that are not here; they are held until what is returned is called. */
  fetchLayers(layers: readonly RemoteLayer[], options: FetchLayersOptions): Promise<() => void>;
  /** The same layer with no time in it after `latestMs`, for reproducible images; held until `release`. */
  rewriteLayer(
    diffId: string,
    options: { latestMs: number },
  ): Promise<{ diffId: string; release: () => void }>;
  /** A layer's archive in a form, made if need be and kept while the lease holds it. NotFound (`Layer.NotFound`). */
  layerArchive(diffId: string, form: LayerForm, lease: ContentLease): Promise<LayerArchive>;
  /** A writable snapshot over an image or layers (undefined: empty). Survives restarts under its key. */
  prepareSnapshot(key: string, base: SnapshotBase): Promise<RootfsMount>;
  /**
   * Makes a layer of a snapshot's upper directory, which must not be mounted, at no cost; the snapshot can only be removed
   * afterwards. Where nothing was written it is the empty layer. It is held until `release`.
   */
  commitLayer(key: string): Promise<{ diffId: string; sizeBytes: number; release: () => void }>;
  /** Keeps layers until the returned function is called. NotFound (`Layer.NotFound`) when one is not here. */
  holdLayers(diffIds: readonly string[]): () => void;
  /** Resolves when these layers, which the caller keeps, would survive a power cut. */
  syncLayers(diffIds: readonly string[]): Promise<void>;
  /** Somebody else keeps layers too, and says so from memory whenever one may go. */
  addLayerHolder(needsLayer: (diffId: string) => boolean): () => void;
  /** Removes those of these layers that nobody needs. */
  removeUnneededLayers(diffIds: Iterable<string>): Promise<{ freedBytes: number }>;
  /** What to mount to read layers, bottom first. */
  layersMount(diffIds: readonly string[]): RootfsMount;
  isLayerOfImage(diffId: string): boolean;
  /** Somebody holds it at this time. */
  isLayerHeld(diffId: string): boolean;
  /** Bytes of the files in a layer; undefined when it is not here. */
  layerSize(diffId: string): number | undefined;
  snapshotMount(key: string): Promise<RootfsMount>;
  /** Keys of all snapshots, so that their owner can remove at its start those that nobody knows any more. */
  listSnapshots(): Promise<string[]>;
  /** Fine when there is none. */
  removeSnapshot(key: string): Promise<void>;
  /** Bytes in the snapshot's upper directory. */
  snapshotUsage(key: string): Promise<{ sizeBytes: number; inodes: number }>;
  /** Docker's `diff`: 0 modified, 1 added, 2 deleted. */
  snapshotChanges(key: string): Promise<{ path: string; kind: 0 | 1 | 2 }[]>;
  onEvent(listener: (event: ImageEvent) => void): () => void;
  /** Removes what no image and no snapshot needs. */
  collectGarbage(): Promise<{ freedBytes: number }>;
}
