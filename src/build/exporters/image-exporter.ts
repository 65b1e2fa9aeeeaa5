import { invalidArgument } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import { parseImageReference } from "../../formats/index.ts";
import { tagToStore } from "../../images/index.ts";
import type { ImageService } from "../../images/types.ts";
import { hostInfo } from "../../kernel/index.ts";
import type { ProgressStep, SolveJob } from "../solver/types.ts";
import { ExporterAttributes, type ImageAttributes, readImageAttributes } from "./exporter-attributes.ts";
import {
  hasAttestations,
  type ImageDocument,
  type ImageDocuments,
  makeDocuments,
} from "./image-documents.ts";
import { imageResponse } from "./image-response.ts";
import type { Exporter, ExporterRequest, ExportSource } from "./types.ts";

export interface ImageExporterHost {
  images: ImageService;
  content: ContentStore;
}

interface StoreAttributes {
  push: boolean;
  store: boolean;
  /** What is sent gets no tag. */
  isByDigest: boolean;
}

interface HowToStore extends StoreAttributes {
  /** Nobody but this program sees it: no document is kept and nothing compressed. */
  isPlain: boolean;
}

/** Puts the result into the image store, and sends it to registries. BuildKit's types `image` and dockerd's own `moby`. */
export function createImageExporter(host: ImageExporterHost, { attributes }: ExporterRequest): Exporter {
  const reader = new ExporterAttributes(attributes);
  const own: StoreAttributes = {
    push: reader.flag("push") ?? false,
    store: reader.flag("store") ?? true,
    isByDigest: reader.flag("push-by-digest") ?? false,
  };
  // Digests are names here without being asked for.
  reader.flag("name-canonical");
  reader.text("dangling-name-prefix");
  // What is stored here is always unpacked; whether a registry may be asked without TLS is the registry client's to know.
  reader.flag("unpack");
  reader.flag("registry.insecure");
  const image = readImageAttributes(reader, { useOciTypes: false, compression: "gzip" });
  const isFormGiven = attributes.compression !== undefined;
  return {
    type: "image",
    export: (job, source) => {
      // What nobody asked to be told of an image goes with it when it is sent, and costs nothing where it only stands here.
      const attributes = { ...image, attestsInline: image.attestsInline || own.push };
      const isSpecial =
        own.push ||
        isFormGiven ||
        image.annotations.length > 0 ||
        source.isMultiPlatform ||
        hasAttestations(source, attributes);
      const form = isSpecial ? image.form : { compression: "uncompressed" as const, force: true };
      return exportImage(host, { ...own, isPlain: !isSpecial }, { ...attributes, form }, job, source);
    },
  };
}

async function exportImage(
  host: ImageExporterHost,
  how: HowToStore,
  attributes: ImageAttributes,
  job: SolveJob,
  source: ExportSource,
): Promise<Record<string, string>> {
  const references = attributes.names.map(tagToStore);
  if (how.push && references.length === 0) throw invalidArgument("tag is needed when pushing to registry");
  const tagged = attributes.names.find((name) => parseImageReference(name).tag !== undefined);
  if (how.push && how.isByDigest && tagged !== undefined)
    throw invalidArgument(`can't push tagged ref ${tagged} by digest`);
  return job.step("exporting to image", async (step) => {
    const lease = await host.content.lease();
    const documents = await makeDocuments({ images: host.images, source, attributes, step, lease });
    try {
      if (how.store) await store(host, documents, references, how, lease);
      for (const name of references) step.status(`naming to ${name}`, { done: true });
      if (how.push) await push(host, documents, references, how, job, step);
      return imageResponse(documents, { names: attributes.names, isPushed: how.push });
    } finally {
      documents.release();
      await lease.release();
    }
  });
}

async function store(
  { images, content }: ImageExporterHost,
  documents: ImageDocuments,
  references: readonly string[],
  how: HowToStore,
  lease: ContentLease,
): Promise<void> {
  if (!documents.isIndex) {
    const [image] = documents.images as [ImageDocument];
    await images.add({
      configText: image.configText,
      references,
      ...(how.isPlain ? {} : { manifest: await keepManifest(content, image, lease) }),
    });
    return;
  }
  for (const blob of documents.blobs.values()) {
    if (await content.stat(blob.digest)) lease.add(blob.digest);
    else await content.ingest(blob.open(), { lease, expectedDigest: blob.digest });
  }
  const own = documents.images.find(({ platformId }) => isOwn(platformId)) ?? documents.images[0]!;
  const { id } = await images.add({ configText: own.configText });
  if (references.length === 0) return;
  const { root, rootBytes, blobs } = documents;
  await images.addIndex({ root, rootBytes, blobs: [...blobs.keys()], imageId: id, references });
}

async function keepManifest(content: ContentStore, image: ImageDocument, lease: ContentLease) {
  const { digest, sizeBytes } = await content.ingest(image.manifestBytes, { lease });
  return { digest, sizeBytes, mediaType: image.manifest.mediaType };
}

function isOwn(platformId: string): boolean {
  const [os, architecture] = platformId.split("/");
  return os === "linux" && architecture === hostInfo().architecture;
}

async function push(
  { images }: ImageExporterHost,
  documents: ImageDocuments,
  references: readonly string[],
  { isByDigest }: HowToStore,
  job: SolveJob,
  step: ProgressStep,
): Promise<void> {
  for (const reference of references) {
    const { domain } = parseImageReference(reference);
    const auth = await job.session?.credentials(domain, job.signal);
    step.status("pushing layers", {});
    await images.pushDocuments(reference, documents, {
      auth,
      signal: job.signal,
      isByDigest,
      onProgress: ({ id, current, total }) => {
        if (id !== undefined) step.status(`pushing ${id}`, { current, total, done: current === total });
      },
    });
    step.status("pushing layers", { done: true });
    step.status(`pushing manifest for ${reference}@${documents.root.digest}`, { done: true });
  }
}
