import type { Readable } from "node:stream";
import { type Descriptor, digestOf, MediaType } from "../../formats/index.ts";
import type { LayerArchive } from "../../images/types.ts";
import type { CacheChains, CachedLayer } from "./cache-chains.ts";
import { CACHE_CONFIG_TYPE } from "./cache-config.ts";
import { ConfigLayers, timeOf, writeRecords } from "./write-chains.ts";

export interface CacheBlob {
  sizeBytes: number;
  open(): Readable | AsyncIterable<Uint8Array> | Uint8Array;
}

/** A cache as documents: layers, the document of records, and what names them all. */
export interface CacheDocuments {
  layers: readonly Descriptor[];
  config: Descriptor;
  root: Descriptor;
  rootBytes: Buffer;
  blobs: ReadonlyMap<string, CacheBlob>;
}

export interface DocumentForm {
  /** A manifest as images have; otherwise an index whose entries are blobs. */
  isImageManifest: boolean;
  useOciTypes: boolean;
}

const DOCKER_TYPES: Readonly<Record<string, string>> = {
  [MediaType.ociLayer]: MediaType.dockerLayer,
  [MediaType.ociLayerGzip]: MediaType.dockerLayerGzip,
};

/** Undefined where there is nothing to keep. `archives`: of every layer, by diff id. */
export function cacheDocuments(
  chains: CacheChains,
  archives: ReadonlyMap<string, LayerArchive>,
  form: DocumentForm,
): CacheDocuments | undefined {
  const tree = new ConfigLayers(chains);
  const records = writeRecords(chains, (result) => tree.tell(result));
  const layers = tree.blobs().map((layer) => describe(layer, form));
  if (layers.length === 0) return undefined;
  const configBytes = Buffer.from(JSON.stringify({ layers: tree.list(), records }));
  const config = descriptorOf(CACHE_CONFIG_TYPE, configBytes);
  const document = documentOf(layers, config, form);
  const rootBytes = Buffer.from(JSON.stringify(document));
  const blobs = new Map<string, CacheBlob>([
    [config.digest, { sizeBytes: configBytes.length, open: () => configBytes }],
  ]);
  for (const archive of archives.values()) blobs.set(archive.digest, archive);
  return { layers, config, root: descriptorOf(document.mediaType, rootBytes), rootBytes, blobs };
}

function describe({ blob, diffId, createdAtMs }: CachedLayer, { useOciTypes }: DocumentForm): Descriptor {
  return {
    mediaType: useOciTypes ? blob.mediaType : (DOCKER_TYPES[blob.mediaType] ?? blob.mediaType),
    digest: blob.digest,
    size: blob.size,
    annotations: { "buildkit/createdat": timeOf(createdAtMs), "containerd.io/uncompressed": diffId },
  };
}

function documentOf(layers: readonly Descriptor[], config: Descriptor, form: DocumentForm) {
  if (form.isImageManifest) return { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers };
  const mediaType = form.useOciTypes ? MediaType.ociIndex : MediaType.dockerManifestList;
  return { schemaVersion: 2, mediaType, manifests: [...layers, config] };
}

function descriptorOf(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
