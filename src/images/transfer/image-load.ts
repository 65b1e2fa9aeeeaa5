import { type Clock, invalidArgument } from "../../base/index.ts";
import type { ContentLease, ContentStore } from "../../content/index.ts";
import {
  type Descriptor,
  digestOf,
  isDigest,
  parseDigest,
  shortId,
  tryParseImageReference,
} from "../../formats/index.ts";
import type { ImageLimits } from "../image-limits.ts";
import { tagToStore } from "../image-lookup.ts";
import type { ImageStore, StoredImage, StoredManifest } from "../image-store.ts";
import { ArchiveMembers } from "../layers/archive-members.ts";
import type { LayerStore } from "../layers/layer-store.ts";
import {
  assertImage,
  choosePlatform,
  hostPlatform,
  INDEX_TYPES,
  MANIFEST_TYPES,
  parseConfig,
  parseManifest,
} from "../manifests.ts";
import { layerMediaTypeOf } from "./image-pull.ts";
import { type Report, throttled } from "./progress.ts";

export interface LoadHost {
  store: ImageStore;
  layers: LayerStore;
  content: ContentStore;
  limits: ImageLimits;
  clock: Clock;
}

interface Load {
  host: LoadHost;
  members: ArchiveMembers;
  lease: ContentLease;
  report: Report;
}

export interface LoadedImage {
  image: StoredImage;
  /** Canonical names that it got. */
  names: string[];
}

const JSON_LIMIT = 8 * 2 ** 20;
const IMAGE_NAME = "io.containerd.image.name";
const REF_NAME = "org.opencontainers.image.ref.name";

/** Reads a `docker save` archive of any age, or an OCI image layout, compressed or not. */
export async function loadImages(
  host: LoadHost,
  archive: AsyncIterable<Uint8Array>,
  report: Report,
): Promise<LoadedImage[]> {
  const lease = await host.content.lease();
  const members = new ArchiveMembers(host.content, lease, host.limits);
  const load: Load = { host, members, lease, report };
  try {
    await members.read(archive);
    return members.has("manifest.json") ? await loadDocker(load) : await loadLayout(load);
  } finally {
    await lease.release();
    await host.content.deleteUnreferenced(members.digests());
  }
}

interface DockerItem {
  Config: string;
  RepoTags?: string[] | null;
  /** Null, as Go writes an empty list, of an image without layers. */
  Layers?: string[] | null;
}

async function loadDocker(load: Load): Promise<LoadedImage[]> {
  const items = await readJson(load, "manifest.json");
  if (!Array.isArray(items) || !items.every(isDockerItem))
    throw broken("manifest.json is not as it should be");
  const loaded: LoadedImage[] = [];
  for (const item of items) {
    const names = (item.RepoTags ?? []).map(tagToStore);
    const layerPaths = item.Layers ?? [];
    const { text, config } = parseConfig(
      await load.members.bytes(item.Config, JSON_LIMIT),
      layerPaths.length,
    );
    const image = await loadOne(load, {
      text,
      diffIds: config.rootfs.diff_ids,
      layerPaths,
      names,
    });
    loaded.push({ image, names });
  }
  return loaded;
}

function isDockerItem(value: unknown): value is DockerItem {
  const item = value as Partial<DockerItem> | null;
  const isTextList = (list: unknown) => Array.isArray(list) && list.every((one) => typeof one === "string");
  return (
    typeof item?.Config === "string" &&
    (item.Layers === undefined || item.Layers === null || isTextList(item.Layers)) &&
    (item.RepoTags === undefined || item.RepoTags === null || isTextList(item.RepoTags))
  );
}

/** OCI image-spec, image-layout.md. */
async function loadLayout(load: Load): Promise<LoadedImage[]> {
  if (!load.members.has("index.json")) throw broken("it holds neither manifest.json nor index.json");
  const index = parseManifest(await load.members.bytes("index.json", JSON_LIMIT), INDEX_TYPES[0]!);
  if (index.kind !== "index") throw broken("index.json is no index");
  const loaded = new Map<string, LoadedImage>();
  for (const descriptor of index.index.manifests) {
    const found = await loadDescriptor(load, descriptor, 0);
    if (!found) continue;
    const known = loaded.get(found.image.id);
    if (known) known.names.push(...found.names.filter((name) => !known.names.includes(name)));
    else loaded.set(found.image.id, found);
  }
  if (loaded.size === 0) throw broken("it holds no image for this platform");
  return [...loaded.values()];
}

async function loadDescriptor(
  load: Load,
  descriptor: Descriptor,
  depth: number,
): Promise<LoadedImage | undefined> {
  if (depth > load.host.limits.indexDepth) throw broken("indexes lie too deep in each other");
  const isKnown = INDEX_TYPES.includes(descriptor.mediaType) || MANIFEST_TYPES.includes(descriptor.mediaType);
  if (!isKnown) return undefined;
  const bytes = await blobBytes(load, descriptor, load.host.limits.manifestBytes);
  const parsed = parseManifest(bytes, descriptor.mediaType);
  if (parsed.kind === "index") {
    const chosen = choosePlatform(parsed.index, hostPlatform());
    const found = chosen && (await loadDescriptor(load, chosen, depth + 1));
    if (found) await nameImage(load, found, namesOf(descriptor));
    return found;
  }
  const { manifest } = parsed;
  assertImage(manifest, load.host.limits);
  const { text, config } = parseConfig(
    await blobBytes(load, manifest.config, JSON_LIMIT),
    manifest.layers.length,
  );
  const layerPaths = manifest.layers.map(({ digest }) => blobPath(digest));
  const names = namesOf(descriptor);
  const document = { bytes, mediaType: descriptor.mediaType };
  const diffIds = config.rootfs.diff_ids;
  return { image: await loadOne(load, { text, diffIds, layerPaths, names, document }), names };
}

function namesOf({ annotations }: Descriptor): string[] {
  for (const text of [annotations?.[IMAGE_NAME], annotations?.[REF_NAME]]) {
    // A bare tag, as some tools write it, names no repository.
    const isName = text !== undefined && /[/:]/.test(text) && tryParseImageReference(text) !== undefined;
    if (isName) return [tagToStore(text)];
  }
  return [];
}

async function nameImage(load: Load, loaded: LoadedImage, names: readonly string[]): Promise<void> {
  const news = names.filter((name) => !loaded.names.includes(name));
  if (news.length === 0) return;
  await load.host.store.tag(loaded.image.id, news, load.host.clock.nowMs());
  loaded.names.push(...news);
}

interface OneImage {
  text: string;
  diffIds: readonly string[];
  layerPaths: readonly string[];
  names: readonly string[];
  document?: { bytes: Buffer; mediaType: string };
}

async function loadOne(load: Load, one: OneImage): Promise<StoredImage> {
  const { store, layers, limits, clock } = load.host;
  if (one.diffIds.length > limits.layers)
    throw broken(`${one.diffIds.length} layers are more than can be mounted`);
  const release = layers.hold(one.diffIds);
  try {
    for (const [index, diffId] of one.diffIds.entries())
      await loadLayer(load, diffId, one.layerPaths[index]!);
    await layers.sync(one.diffIds);
    const manifest = one.document && (await storeManifest(load, one.document));
    const image = await store.put({ configText: one.text, storedAtMs: clock.nowMs(), manifest });
    if (one.names.length > 0) await store.tag(image.id, one.names, clock.nowMs());
    return image;
  } finally {
    release();
  }
}

async function loadLayer(load: Load, diffId: string, path: string): Promise<void> {
  if (load.host.layers.get(diffId)) return;
  const { digest, sizeBytes, head } = await load.members.blob(path);
  const lines = throttled(load.report, load.host.clock);
  const line = (current: number) =>
    lines({
      id: shortId(diffId),
      status: "Loading layer",
      current: Math.min(current, sizeBytes),
      total: sizeBytes,
    });
  await load.host.layers.unpack(
    diffId,
    { digest, sizeBytes, mediaType: layerMediaTypeOf(head), repositories: [] },
    line,
  );
  line(sizeBytes);
}

async function storeManifest(
  load: Load,
  { bytes, mediaType }: { bytes: Buffer; mediaType: string },
): Promise<StoredManifest> {
  const { digest, sizeBytes } = await load.host.content.ingest(bytes, { lease: load.lease });
  return { digest, sizeBytes, mediaType };
}

/** A document of the layout; its name has to be the truth. */
async function blobBytes(load: Load, { digest }: Descriptor, limitBytes: number): Promise<Buffer> {
  const bytes = await load.members.bytes(blobPath(digest), limitBytes);
  if (digestOf(bytes, parseDigest(digest).algorithm) !== digest)
    throw broken(`${blobPath(digest)} has another digest`);
  return bytes;
}

function blobPath(digest: string): string {
  if (!isDigest(digest)) throw broken(`invalid digest ${digest}`);
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

async function readJson(load: Load, path: string): Promise<unknown> {
  try {
    return JSON.parse((await load.members.bytes(path, JSON_LIMIT)).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(`${path} is not JSON`);
    throw error;
  }
}

const broken = (what: string) =>
  invalidArgument(`invalid archive: ${what}`, { code: "Image.ArchiveMalformed" });
