import type { Readable } from "node:stream";
import { invalidArgument } from "../../base/index.ts";
import type { ContentLease } from "../../content/index.ts";
import {
  type Descriptor,
  digestOf,
  type ImageIndex,
  type ImageManifest,
  MediaType,
} from "../../formats/index.ts";
import type { ImageService, LayerArchive } from "../../images/types.ts";
import type { ProgressStep } from "../solver/types.ts";
import { annotationsOf, assertPlatformsExist } from "./annotations.ts";
import { attestationManifest } from "./attestation-manifest.ts";
import type { ImageAttributes } from "./exporter-attributes.ts";
import { finalConfigText } from "./final-config.ts";
import { rewrittenLayers } from "./rewrite-layers.ts";
import type { ExportedOutput, ExportSource } from "./types.ts";

/** Bytes that a document names. */
export interface Blob {
  digest: string;
  sizeBytes: number;
  open(): Readable | AsyncIterable<Uint8Array> | Uint8Array;
}

/** One platform's image. */
export interface ImageDocument {
  platformId: string;
  configText: string;
  configDigest: string;
  manifest: Descriptor;
  manifestBytes: Buffer;
  layers: readonly LayerArchive[];
}

/** What a result is as images: a manifest, or an index of manifests. */
export interface ImageDocuments {
  root: Descriptor;
  rootBytes: Buffer;
  isIndex: boolean;
  images: readonly ImageDocument[];
  /** Everything that the root leads to but the root itself, by digest. */
  blobs: ReadonlyMap<string, Blob>;
  /** Lets go of layers that were made for them. */
  release(): void;
}

export interface DocumentRequest {
  images: Pick<ImageService, "layerArchive" | "rewriteLayer">;
  source: ExportSource;
  attributes: ImageAttributes;
  step: ProgressStep;
  /** Holds layers in a form that has to be made. */
  lease: ContentLease;
}

/** Makes the documents of a result; to be released. */
export async function makeDocuments(request: DocumentRequest): Promise<ImageDocuments> {
  const making: Making = { ...request, blobs: new Map(), releases: [] };
  try {
    return await documentsOf(making);
  } catch (error) {
    releaseAll(making);
    throw error;
  }
}

/** What the documents are made with and of. */
interface Making extends DocumentRequest {
  blobs: Map<string, Blob>;
  releases: (() => void)[];
}

function releaseAll({ releases }: Making): void {
  for (const release of releases.splice(0)) release();
}

async function documentsOf(making: Making): Promise<ImageDocuments> {
  const { source, attributes, step, blobs } = making;
  const isIndex = source.isMultiPlatform || hasAttestations(source, attributes);
  assertExportable(source, attributes, isIndex);
  step.status("exporting layers", {});
  const images: ImageDocument[] = [];
  for (const output of source.outputs) images.push(await imageOf(making, output, isIndex));
  const release = () => releaseAll(making);
  if (!isIndex) {
    const [image] = images as [ImageDocument];
    return { root: image.manifest, rootBytes: image.manifestBytes, isIndex, images, blobs, release };
  }
  for (const { manifest, manifestBytes } of images) addBytes(blobs, manifest, manifestBytes);
  const statements = await attest(making, images);
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType: attributes.useOciTypes(true) ? MediaType.ociIndex : MediaType.dockerManifestList,
    manifests: [...images.map(({ manifest }) => manifest), ...statements],
    annotations: annotationsOf(attributes.annotations, "index"),
  };
  const rootBytes = Buffer.from(JSON.stringify(index, null, 2));
  const root: Descriptor = {
    mediaType: index.mediaType!,
    digest: digestOf(rootBytes),
    size: rootBytes.length,
    ...optional("annotations", annotationsOf(attributes.annotations, "index-descriptor")),
  };
  step.status(`exporting manifest list ${root.digest}`, { done: true });
  return { root, rootBytes, isIndex, images, blobs, release };
}

/** Whether the result has to be an index, to have room for what is said of it. */
export function hasAttestations(
  { outputs }: ExportSource,
  { attestsInline }: Pick<ImageAttributes, "attestsInline">,
): boolean {
  return outputs.some(({ attestations = [] }) =>
    attestations.some(({ isInlineOnly }) => attestsInline || !isInlineOnly),
  );
}

async function attest(
  { source, attributes, blobs, step }: Making,
  images: readonly ImageDocument[],
): Promise<Descriptor[]> {
  const manifests: Descriptor[] = [];
  for (const [at, output] of source.outputs.entries()) {
    if ((output.attestations ?? []).length === 0) continue;
    const add = (descriptor: Descriptor, bytes: Buffer) => addBytes(blobs, descriptor, bytes);
    const manifest = await attestationManifest(output, images[at]!.manifest, attributes, add);
    manifests.push(manifest);
    step.status(`exporting attestation manifest ${manifest.digest}`, { done: true });
  }
  return manifests;
}

function assertExportable(
  { outputs }: ExportSource,
  { annotations, useOciTypes }: ImageAttributes,
  isIndex: boolean,
): void {
  if (isIndex && !useOciTypes(true) && outputs.some(({ attestations = [] }) => attestations.length > 0))
    throw invalidArgument('cannot export attestations with "oci-mediatypes=false"');
  if (!isIndex && outputs.length > 1) {
    throw invalidArgument("cannot export multiple platforms without multi-platform enabled");
  }
  if (!isIndex && annotations.some(({ type }) => type.startsWith("index"))) {
    throw invalidArgument("index annotations not supported for single platform export");
  }
  assertPlatformsExist(
    annotations,
    outputs.map(({ platformId }) => platformId),
  );
}

async function imageOf(making: Making, output: ExportedOutput, isIndex: boolean): Promise<ImageDocument> {
  const { images, attributes, step, lease, blobs, releases } = making;
  const { epochMs } = attributes;
  const solved = (await output.tree?.layers()) ?? [];
  const layers =
    attributes.rewriteTimestamps && epochMs !== undefined
      ? await rewrittenLayers(images, solved, output.baseConfig, epochMs, releases)
      : solved;
  const archives: LayerArchive[] = [];
  for (const { diffId } of layers) {
    archives.push(await images.layerArchive(diffId, attributes.form, lease));
  }
  step.status("exporting layers", { done: true });
  const { config, baseConfig, platform, platformId } = output;
  const inlineCache = await output.inlineCache?.(layers);
  const configText = finalConfigText({ config, baseConfig, platform, layers, epochMs, inlineCache });
  const configBytes = Buffer.from(configText);
  const configDigest = digestOf(configBytes);
  for (const archive of archives) blobs.set(archive.digest, archive);
  blobs.set(configDigest, { digest: configDigest, sizeBytes: configBytes.length, open: () => configBytes });
  const { manifest, bytes } = manifestOf({
    configDigest,
    configBytes: configBytes.length,
    layers: archives,
    useOciTypes: attributes.useOciTypes(isIndex),
    annotations: annotationsOf(attributes.annotations, "manifest", platformId),
  });
  step.status(`exporting manifest ${manifest.digest}`, { done: true });
  step.status(`exporting config ${configDigest}`, { done: true });
  const described = annotationsOf(attributes.annotations, "manifest-descriptor", platformId);
  return {
    platformId,
    configText,
    configDigest,
    manifest: { ...manifest, ...optional("annotations", described), platform },
    manifestBytes: bytes,
    layers: archives,
  };
}

const DOCKER_TYPES: Readonly<Record<string, string>> = {
  [MediaType.ociLayer]: MediaType.dockerLayer,
  [MediaType.ociLayerGzip]: MediaType.dockerLayerGzip,
};

interface ManifestContent {
  configDigest: string;
  configBytes: number;
  layers: readonly LayerArchive[];
  useOciTypes: boolean;
  annotations: Record<string, string> | undefined;
}

function manifestOf(content: ManifestContent): { manifest: Descriptor; bytes: Buffer } {
  const { configDigest, configBytes, layers, useOciTypes, annotations } = content;
  const mediaType = useOciTypes ? MediaType.ociManifest : MediaType.dockerManifest;
  const document: ImageManifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: useOciTypes ? MediaType.ociConfig : MediaType.dockerConfig,
      digest: configDigest,
      size: configBytes,
    },
    layers: layers.map(({ mediaType: own, digest, sizeBytes }) => ({
      mediaType: useOciTypes ? own : (DOCKER_TYPES[own] ?? own),
      digest,
      size: sizeBytes,
    })),
    ...optional("annotations", annotations),
  };
  const bytes = Buffer.from(JSON.stringify(document, null, 2));
  return { manifest: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

function addBytes(blobs: Map<string, Blob>, { digest, size }: Descriptor, bytes: Buffer): void {
  blobs.set(digest, { digest, sizeBytes: size, open: () => bytes });
}

/** Go's omitempty. */
function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };
}
