import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { GantryError, invalidArgument, notImplemented } from "../../base/index.ts";
import { type Descriptor, parseImageReference } from "../../formats/index.ts";
import type { ImageService, RegistryRepository } from "../../images/types.ts";
import type { SolveJob } from "../solver/types.ts";
import type { CacheChains } from "./cache-chains.ts";
import { invalidCache } from "./cache-config.ts";
import { cacheReference } from "./cache-export.ts";
import { readCacheDocument } from "./read-cache-document.ts";
import type { CacheWish } from "./types.ts";

/** Where a cache's documents and layers lie. */
export interface CacheOrigin {
  /** The document that names the others. */
  root: Buffer;
  manifest(digest: string): Promise<Buffer>;
  /** A small blob, whole and verified. */
  read(descriptor: Descriptor): Promise<Buffer>;
  openBlob: RegistryRepository["openBlob"];
}

/** Upstream takes 1 MiB; a document of ours may be a little longer. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Adds what a cache knows (`--cache-from`) to what a job is looked up in. */
export async function importCache(
  images: Pick<ImageService, "repositoryOf">,
  { type, attributes }: CacheWish,
  job: SolveJob,
  chains: CacheChains,
): Promise<void> {
  await readCacheDocument(await originOf(images, type, attributes, job), chains);
}

async function originOf(
  images: Pick<ImageService, "repositoryOf">,
  type: string,
  attributes: CacheWish["attributes"],
  job: SolveJob,
): Promise<CacheOrigin> {
  if (type === "registry") return registryOrigin(images, cacheReference(attributes.ref), job);
  if (type === "local") return clientOrigin(attributes, job);
  throw notImplemented(`importing a build cache of type ${type} is not supported`);
}

async function registryOrigin(
  images: Pick<ImageService, "repositoryOf">,
  text: string,
  { session, signal }: SolveJob,
): Promise<CacheOrigin> {
  const reference = parseImageReference(text);
  const auth = await session?.credentials(reference.domain, signal);
  const repository = images.repositoryOf(text, { auth });
  const { bytes } = await repository.fetchManifest(reference.digest ?? reference.tag!, signal);
  const openBlob: RegistryRepository["openBlob"] = (...args) => repository.openBlob(...args);
  return {
    root: bytes,
    manifest: async (digest) => (await repository.fetchManifest(digest, signal)).bytes,
    read: (descriptor) => readVerified(descriptor, () => openBlob(descriptor, 0, signal)),
    openBlob,
  };
}

async function clientOrigin(
  { digest, src }: CacheWish["attributes"],
  { session, signal }: SolveJob,
): Promise<CacheOrigin> {
  if (!digest) throw invalidArgument("local cache importer requires explicit digest");
  if (!src) throw invalidArgument("local cache importer requires src");
  const store = session?.contentStore?.(`local:${src}`);
  if (!store) throw new GantryError("Unavailable", "local cache exporter/importer requires session");
  const openBlob: RegistryRepository["openBlob"] = async (blob, startBytes, reading) =>
    Readable.from(store.read(blob.digest, startBytes, reading ?? signal), { objectMode: false });
  const read = (descriptor: Descriptor) => readVerified(descriptor, () => openBlob(descriptor, 0, signal));
  const manifest = async (wanted: string) =>
    read({ mediaType: "", digest: wanted, size: await store.sizeOf(wanted, signal) });
  return { root: await manifest(digest), manifest, read, openBlob };
}

async function readVerified({ digest, size }: Descriptor, open: () => Promise<Readable>): Promise<Buffer> {
  if (size > MAX_DOCUMENT_BYTES)
    throw invalidCache(`blob ${digest} is too large (${size} > ${MAX_DOCUMENT_BYTES})`);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of await open()) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_DOCUMENT_BYTES) throw invalidCache(`blob ${digest} is too large`);
    parts.push(part as Buffer);
  }
  const whole = Buffer.concat(parts);
  if (`sha256:${createHash("sha256").update(whole).digest("hex")}` !== digest)
    throw invalidCache(`blob ${digest} has another content`);
  return whole;
}
