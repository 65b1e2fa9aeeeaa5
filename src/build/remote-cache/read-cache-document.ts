import type { Descriptor, ImageConfig, ImageIndex, ImageManifest } from "../../formats/index.ts";
import type { CacheChains, CachedLayer } from "./cache-chains.ts";
import {
  CACHE_CONFIG_TYPE,
  invalidCache,
  parse,
  parseCacheConfig,
  parseCacheRecords,
} from "./cache-config.ts";
import type { CacheOrigin } from "./import-cache.ts";
import { readChains } from "./read-chains.ts";

const MAX_MANIFESTS = 64;

/** Reads a cache in each of the forms that BuildKit writes: a manifest, an index of blobs, images that carry it themselves. */
export async function readCacheDocument(origin: CacheOrigin, chains: CacheChains): Promise<void> {
  const document = documentOf(origin.root);
  const config = configOf(document);
  if (config) {
    const layers = blobsOf(document).flatMap((blob) => layerOf(blob, origin) ?? []);
    const byBlob = new Map(layers.map((layer) => [layer.blob.digest, layer]));
    readChains(
      parseCacheConfig((await origin.read(config)).toString("utf8")),
      (blob) => byBlob.get(blob),
      chains,
    );
    return;
  }
  for (const manifest of await imagesOf(document, origin)) await readInlineCache(manifest, origin, chains);
}

type Document = Partial<ImageManifest> & Partial<ImageIndex>;

function documentOf(bytes: Buffer): Document {
  const value = parse(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null) throw invalidCache("no object");
  const document = value as Document;
  for (const list of [document.manifests, document.layers])
    if (list !== undefined && (!Array.isArray(list) || !list.every(isDescriptor)))
      throw invalidCache("no descriptors");
  if (document.config !== undefined && !isDescriptor(document.config)) throw invalidCache("no descriptor");
  return document;
}

function isDescriptor(value: unknown): value is Descriptor {
  const { digest, size } = (value ?? {}) as Partial<Descriptor>;
  return (
    typeof digest === "string" &&
    /^sha256:[0-9a-f]{64}$/.test(digest) &&
    Number.isSafeInteger(size) &&
    size! >= 0
  );
}

function configOf({ config, manifests = [] }: Document): Descriptor | undefined {
  return [...(config ? [config] : []), ...manifests].find(({ mediaType }) => mediaType === CACHE_CONFIG_TYPE);
}

function blobsOf({ layers = [], manifests = [] }: Document): Descriptor[] {
  return [...layers, ...manifests].filter(({ mediaType }) => mediaType !== CACHE_CONFIG_TYPE);
}

function layerOf(blob: Descriptor, { openBlob }: CacheOrigin): CachedLayer | undefined {
  const diffId = blob.annotations?.["containerd.io/uncompressed"];
  if (diffId === undefined || !/^sha256:[0-9a-f]{64}$/.test(diffId)) return undefined;
  return {
    diffId,
    blob,
    openBlob,
    createdAtMs: Date.parse(blob.annotations?.["buildkit/createdat"] ?? "") || 0,
    description: blob.annotations?.["buildkit/description"] ?? "",
  };
}

async function imagesOf(document: Document, origin: CacheOrigin): Promise<Document[]> {
  if (!document.manifests) return [document];
  const found: Document[] = [];
  for (const { digest } of document.manifests.slice(0, MAX_MANIFESTS))
    found.push(documentOf(await origin.manifest(digest)));
  return found;
}

async function readInlineCache(
  { config, layers = [] }: Document,
  origin: CacheOrigin,
  chains: CacheChains,
): Promise<void> {
  if (!config || layers.length === 0) return;
  const image = parse((await origin.read(config)).toString("utf8")) as ImageConfig & Record<string, unknown>;
  const cache = image?.["moby.buildkit.cache.v0"];
  const diffIds = image?.rootfs?.diff_ids;
  if (typeof cache !== "string" || !Array.isArray(diffIds) || diffIds.length !== layers.length) return;
  const records = parseCacheRecords(parse(Buffer.from(cache, "base64").toString("utf8")));
  const told = (image.history ?? []).filter((entry) => !entry.empty_layer);
  const known = layers.map(
    (blob, at): CachedLayer => ({
      diffId: String(diffIds[at]),
      blob,
      openBlob: origin.openBlob,
      createdAtMs: Date.parse(told[at]?.created ?? "") || 0,
      description: told[at]?.created_by ?? "",
    }),
  );
  // By number: an image may have one layer twice.
  const numbered = layers.map((_, at) => ({ blob: String(at), parent: at - 1 }));
  readChains({ layers: numbered, records }, (number) => known[Number(number)], chains);
}
