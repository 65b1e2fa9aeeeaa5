import { Readable } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import { notFound } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import { createDeterministicGzip, MediaType } from "../../formats/index.ts";
import type { LayerBlob, LayerRecord, LayerStore } from "./layer-store.ts";

export interface LayerForm {
  compression: "uncompressed" | "gzip" | "zstd";
  /** 0 to 9 for gzip, 0 to 22 for zstd; the compression's own default if absent. */
  level?: number;
  /** Also where the layer came in another form, which is kept otherwise. */
  force: boolean;
}

/** A layer's archive in one form, as a document names it. */
export interface LayerArchive {
  digest: string;
  sizeBytes: number;
  /** OCI's; a document of Docker's translates it. */
  mediaType: string;
  open(): Readable | AsyncIterable<Uint8Array>;
}

const DEFAULT_GZIP_LEVEL = 4;

/** The archive of a layer in the wanted form. A compressed one is made if there is none, and kept while the lease holds it. */
export async function archiveInForm(
  layers: LayerStore,
  content: ContentStore,
  diffId: string,
  form: LayerForm,
  lease: ContentLease,
): Promise<LayerArchive> {
  const record = layers.get(diffId);
  if (!record) throw notFound(`no such layer: ${diffId}`, { code: "Layer.NotFound" });
  const known = await knownArchive(content, record, form, lease);
  if (known) return known;
  if (form.compression === "uncompressed") return plainArchive(layers, record);
  const source = Readable.from(layers.archive(diffId), { objectMode: false });
  const compressor = compressorOf(form);
  source.on("error", (error) => compressor.destroy(error));
  compressor.on("close", () => source.destroy());
  const { digest, sizeBytes } = await content.ingest(source.pipe(compressor), { lease });
  const mediaType = form.compression === "gzip" ? MediaType.ociLayerGzip : MediaType.ociLayerZstd;
  const blob: LayerBlob = { digest, sizeBytes, mediaType, repositories: [] };
  await layers.addBlob(diffId, blob);
  return ofBlob(content, blob);
}

/** One that came with the layer or was made before. What came in another compression is taken as it came, unless forced. */
async function knownArchive(
  content: ContentStore,
  record: LayerRecord,
  { compression, level, force }: LayerForm,
  lease: ContentLease,
): Promise<LayerArchive | undefined> {
  // Of which level a known archive is, nobody knows.
  if (level !== undefined && (force || record.own)) return undefined;
  const fitting = record.blobs.filter((blob) => compressionOf(blob) === compression);
  const isKept = !force && !record.own && compression !== "uncompressed";
  const others = isKept ? record.blobs.filter((blob) => compressionOf(blob) !== "uncompressed") : [];
  for (const blob of [...fitting, ...others]) {
    lease.add(blob.digest);
    if (await content.stat(blob.digest)) return ofBlob(content, blob);
  }
  return undefined;
}

function compressionOf({ mediaType }: LayerBlob): LayerForm["compression"] {
  if (/gzip$/.test(mediaType)) return "gzip";
  return /zstd$/.test(mediaType) ? "zstd" : "uncompressed";
}

const OCI_TYPES = {
  gzip: MediaType.ociLayerGzip,
  zstd: MediaType.ociLayerZstd,
  uncompressed: MediaType.ociLayer,
} as const;

function ofBlob(content: ContentStore, blob: LayerBlob): LayerArchive {
  const { digest, sizeBytes } = blob;
  return { digest, sizeBytes, mediaType: OCI_TYPES[compressionOf(blob)], open: () => content.open(digest) };
}

function plainArchive(layers: LayerStore, { diffId, tarBytes }: LayerRecord): LayerArchive {
  return {
    digest: diffId,
    sizeBytes: tarBytes,
    mediaType: MediaType.ociLayer,
    open: () => layers.archive(diffId),
  };
}

function compressorOf({ compression, level }: LayerForm) {
  if (compression === "gzip") return createDeterministicGzip(level ?? DEFAULT_GZIP_LEVEL);
  const params = level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } };
  return createZstdCompress(params);
}
