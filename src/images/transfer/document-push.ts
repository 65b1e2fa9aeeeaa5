import type { Readable } from "node:stream";
import type { Clock } from "../../base/index.ts";
import type { ContentStore } from "../../content/index.ts";
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  type ImageReference,
  parseImageReference,
  shortId,
  withDefaultTag,
} from "../../formats/index.ts";
import type { StoredIndex } from "../index-store.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../manifests.ts";
import type { RegistryAuth } from "../types.ts";
import { forEachLimited, type Report, throttled } from "./progress.ts";
import type { RegistryRepository, RegistryTransport } from "./registry-transport.ts";

/** A manifest or an index with all that it leads to. */
export interface DocumentsToPush {
  root: Pick<Descriptor, "mediaType" | "digest">;
  rootBytes: Buffer;
  /** By digest; the root's own bytes need not be among them. */
  blobs: ReadonlyMap<string, PushedBlob>;
}

export interface PushedBlob {
  sizeBytes: number;
  open(): Readable | AsyncIterable<Uint8Array> | Uint8Array;
}

export interface DocumentPushHost {
  registry: RegistryTransport;
  content: ContentStore;
  clock: Clock;
}

const PARALLEL_BLOBS = 3;

/** Sends what the registry lacks: blobs first, then manifests by digest, then the root under its tag, or by its digest. */
export async function pushDocuments(
  host: DocumentPushHost,
  text: string,
  documents: DocumentsToPush,
  options: { auth?: RegistryAuth; onProgress?: Report; signal?: AbortSignal; isByDigest?: boolean },
): Promise<ImageReference> {
  const reference = withDefaultTag(parseImageReference(text));
  const repository = host.registry.repository(reference, { auth: options.auth, push: true });
  const report = options.onProgress ?? (() => {});
  const manifests = await manifestsBelow(documents);
  const all = [{ ...documents.root, bytes: documents.rootBytes }, ...manifests];
  const leaves = all.flatMap(({ bytes }) => blobsOf(bytes));
  const wanted = [...new Map(leaves.map((leaf) => [leaf.digest, leaf])).values()];
  await forEachLimited(wanted, PARALLEL_BLOBS, async ({ digest }) => {
    await pushBlob(repository, digest, documents.blobs, throttled(report, host.clock), options.signal);
  });
  for (const { digest, mediaType, bytes } of manifests) {
    await repository.putManifest(digest, mediaType, bytes, options.signal);
  }
  const name = options.isByDigest ? documents.root.digest : reference.tag!;
  await repository.putManifest(name, documents.root.mediaType, documents.rootBytes, options.signal);
  return reference;
}

interface Manifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

async function manifestsBelow({ root, rootBytes, blobs }: DocumentsToPush): Promise<Manifest[]> {
  if (!INDEX_TYPES.includes(root.mediaType)) return [];
  const { manifests } = JSON.parse(rootBytes.toString("utf8")) as ImageIndex;
  return Promise.all(
    manifests.filter(isManifest).map(async ({ digest, mediaType }) => ({
      digest,
      mediaType,
      bytes: await bytesOf(digest, blobs),
    })),
  );
}

async function bytesOf(digest: string, blobs: ReadonlyMap<string, PushedBlob>): Promise<Buffer> {
  const opened = blobs.get(digest)!.open();
  if (opened instanceof Uint8Array) return Buffer.from(opened);
  const parts: Uint8Array[] = [];
  for await (const part of opened) parts.push(part);
  return Buffer.concat(parts);
}

function blobsOf(bytes: Buffer): Descriptor[] {
  const document = JSON.parse(bytes.toString("utf8")) as Partial<ImageManifest> & Partial<ImageIndex>;
  const { config, layers = [], manifests = [] } = document;
  return [...(config ? [config] : []), ...layers, ...manifests.filter((one) => !isManifest(one))];
}

/** An index may name blobs, too: caches of builds are kept so (moby/buildkit, cache/remotecache). */
function isManifest({ mediaType }: Pick<Descriptor, "mediaType">): boolean {
  return MANIFEST_TYPES.includes(mediaType);
}

async function pushBlob(
  repository: RegistryRepository,
  digest: string,
  blobs: ReadonlyMap<string, PushedBlob>,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<void> {
  const id = shortId(digest);
  if (await repository.hasBlob(digest, signal)) {
    report({ id, status: "Layer already exists" });
    return;
  }
  const { sizeBytes, open } = blobs.get(digest)!;
  await repository.uploadBlob(
    {
      open: () => streamOf(open()),
      digest,
      sizeBytes,
      onProgress: (current) => report({ id, status: "Pushing", current, total: sizeBytes }),
    },
    signal,
  );
  report({ id, status: "Pushed" });
}

function streamOf(opened: Readable | AsyncIterable<Uint8Array> | Uint8Array) {
  return opened instanceof Uint8Array ? once(opened) : opened;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What stands in the content store of an index. */
export async function documentsOfIndex(content: ContentStore, index: StoredIndex): Promise<DocumentsToPush> {
  const blobs = new Map<string, PushedBlob>();
  for (const digest of index.blobs) {
    const info = await content.stat(digest);
    if (info) blobs.set(digest, { sizeBytes: info.sizeBytes, open: () => content.open(digest) });
  }
  return { root: index, rootBytes: Buffer.from(index.text), blobs };
}
