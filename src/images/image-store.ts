import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  DeferredSaves,
  type Logger,
  makeDirectoryDurably,
  readRecord,
  syncDirectory,
} from "../base/index.ts";
import { DurableJsonFile, writeFileDurably } from "../content/index.ts";
import { digestOf, type ImageConfig, isDigest, parseDigest } from "../formats/index.ts";

/** A manifest under which an image was pulled, pushed or loaded; its bytes are in the content store. */
export interface StoredManifest {
  digest: string;
  sizeBytes: number;
  mediaType: string;
}

/** `records/<hex>.json`. */
interface ImageFile {
  version: 1;
  id: string;
  /** The configuration's exact bytes: their digest is the id. */
  configText: string;
  parentId?: string;
  storedAtMs: number;
  manifests: StoredManifest[];
}

export interface StoredImage extends ImageFile {
  config: ImageConfig;
}

/** What a name stands for. */
export interface TagTarget {
  imageId: string;
  taggedAtMs: number;
  /** The image is one of an index's: the name stands for the index wherever it is passed on. */
  indexDigest?: string;
}

/** `references.json`. */
interface ReferenceFile {
  version: 1;
  /** Canonical `name:tag`. */
  tags: Record<string, TagTarget>;
  /** Canonical `name@digest`. */
  digests: Record<string, string>;
}

/** Images' metadata in memory, and on disk: one file an image, one for all references. Changes are seen at once and durable when they resolve. */
export class ImageStore {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #images = new Map<string, StoredImage>();
  /** Files of images that cannot be read: what they need nobody knows, so nothing is unneeded. */
  readonly #leftAlone = new Set<string>();
  readonly #tags = new Map<string, TagTarget>();
  readonly #digests = new Map<string, string>();
  readonly #file: DurableJsonFile;
  readonly #deferred: DeferredSaves;

  constructor(dir: string, logger: Logger) {
    this.#dir = join(dir, "records");
    this.#logger = logger;
    this.#deferred = new DeferredSaves({ what: "image", logger });
    this.#file = new DurableJsonFile(join(dir, "references.json"), () => this.#referenceFile());
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    await Promise.all((await readdir(this.#dir)).map((name) => this.#load(name)));
    await this.#loadReferences();
  }

  async #load(name: string): Promise<void> {
    const path = join(this.#dir, name);
    if (name.endsWith(".tmp")) return rm(path, { force: true });
    const file = await readRecord(path, parseImage);
    if (file.state === "present") this.#images.set(file.record.id, file.record);
    if (file.state === "unreadable") this.#leftAlone.add(name);
    if (file.state === "unreadable" || file.state === "damaged")
      this.#logger.error("image record left out", { file: path, error: file.error.message });
  }

  /** Without them every image would look like one that nobody wants: then there is no start. Torn ones are kept aside. */
  async #loadReferences(): Promise<void> {
    const path = join(this.#dir, "..", "references.json");
    const read = await readRecord<ReferenceFile>(path);
    if (read.state === "unreadable") throw read.error;
    if (read.state === "damaged") {
      await rename(path, `${path}.damaged`);
      this.#logger.error("the images have lost their names", {
        error: read.error.message,
        kept: `${path}.damaged`,
      });
    }
    if (read.state !== "present") return;
    const file = read.record;
    const isThere = (id: string) =>
      this.#images.has(id) || this.#leftAlone.has(`${parseDigest(id).hex}.json`);
    for (const [name, tag] of Object.entries(file.tags)) if (isThere(tag.imageId)) this.#tags.set(name, tag);
    for (const [name, id] of Object.entries(file.digests)) if (isThere(id)) this.#digests.set(name, id);
  }

  #referenceFile(): ReferenceFile {
    return { version: 1, tags: Object.fromEntries(this.#tags), digests: Object.fromEntries(this.#digests) };
  }

  all(): IterableIterator<StoredImage> {
    return this.#images.values();
  }

  get(id: string): StoredImage | undefined {
    return this.#images.get(id);
  }

  /** Ids that begin with these hex digits. */
  idsWithPrefix(hexPrefix: string): string[] {
    const prefix = `sha256:${hexPrefix}`;
    return [...this.#images.keys()].filter((id) => id.startsWith(prefix));
  }

  children(id: string): string[] {
    return [...this.#images.values()].filter((image) => image.parentId === id).map((image) => image.id);
  }

  tagTarget(name: string): string | undefined {
    return this.#tags.get(name)?.imageId;
  }

  /** Digest of the index that a name stands for. */
  indexTarget(name: string): string | undefined {
    return this.#tags.get(name)?.indexDigest;
  }

  isIndexNamed(digest: string): boolean {
    for (const { indexDigest } of this.#tags.values()) if (indexDigest === digest) return true;
    return false;
  }

  digestTarget(name: string): string | undefined {
    return this.#digests.get(name);
  }

  tagsOf(id: string): { name: string; taggedAtMs: number }[] {
    const found = [...this.#tags].filter(([, tag]) => tag.imageId === id);
    return found
      .map(([name, { taggedAtMs }]) => ({ name, taggedAtMs }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  digestsOf(id: string): string[] {
    return [...this.#digests]
      .filter(([, target]) => target === id)
      .map(([name]) => name)
      .sort();
  }

  needsLayer(diffId: string): boolean {
    if (this.#leftAlone.size > 0) return true;
    for (const { config } of this.#images.values()) if (config.rootfs.diff_ids.includes(diffId)) return true;
    return false;
  }

  needsBlob(digest: string): boolean {
    if (this.#leftAlone.size > 0) return true;
    for (const { manifests } of this.#images.values()) {
      if (manifests.some((manifest) => manifest.digest === digest)) return true;
    }
    return false;
  }

  /** Adds an image, or what is new about a known one. */
  async put(image: {
    configText: string;
    parentId?: string;
    storedAtMs: number;
    manifest?: StoredManifest;
  }): Promise<StoredImage> {
    const id = digestOf(image.configText);
    const known = this.#images.get(id);
    const manifests = known?.manifests ?? [];
    const isNews = image.manifest && !manifests.some(({ digest }) => digest === image.manifest!.digest);
    if (known && !isNews) return known;
    const stored: StoredImage = known ?? {
      version: 1,
      id,
      configText: image.configText,
      ...(image.parentId === undefined ? {} : { parentId: image.parentId }),
      storedAtMs: image.storedAtMs,
      manifests,
      config: configOf(image.configText),
    };
    if (isNews) stored.manifests = [image.manifest!, ...manifests];
    this.#images.set(id, stored);
    try {
      await this.#save(stored);
    } catch (error) {
      if (!known) this.#images.delete(id);
      throw error;
    }
    return stored;
  }

  async #save({ config: _config, ...file }: StoredImage): Promise<void> {
    await writeFileDurably(this.#path(file.id), JSON.stringify(file));
  }

  /** Points names at an image; each is taken from the image that had it. */
  async tag(id: string, names: readonly string[], taggedAtMs: number, indexDigest?: string): Promise<void> {
    const target: TagTarget = { imageId: id, taggedAtMs, ...(indexDigest ? { indexDigest } : {}) };
    for (const name of names) this.#tags.set(name, target);
    await this.#file.save();
  }

  async addDigestReference(id: string, name: string): Promise<void> {
    if (this.#digests.get(name) === id) return;
    this.#digests.set(name, id);
    await this.#file.save();
  }

  async removeReferences(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#tags.delete(name);
      this.#digests.delete(name);
    }
    // Names of an image that is gone are left out when they are read: what frees the disk need not wait for it.
    await this.#deferred.saveOrDefer("references", () => this.#file.save());
  }

  /** Forgets an image that has no references any more. */
  async remove(id: string): Promise<void> {
    this.#images.delete(id);
    await rm(this.#path(id), { force: true });
    await syncDirectory(this.#dir);
  }

  #path(id: string): string {
    return join(this.#dir, `${parseDigest(id).hex}.json`);
  }
}

function parseImage(text: string): StoredImage {
  const file = JSON.parse(text) as ImageFile;
  if (digestOf(file.configText) !== file.id) throw new Error("its configuration does not have its digest");
  return { ...file, config: configOf(file.configText) };
}

/** True for `sha256:<hex>`, complete or cut short, and for bare hex digits: what may be an image id. */
export function idPrefixOf(text: string): string | undefined {
  const hex = text.startsWith("sha256:") ? text.slice("sha256:".length) : text;
  return /^[0-9a-f]{1,64}$/.test(hex) ? hex : undefined;
}

export function isWholeId(text: string): boolean {
  return isDigest(text) && text.startsWith("sha256:");
}

/** The text stays as it is, for the image's id is its digest; Go writes null for an image without layers. */
function configOf(text: string): ImageConfig {
  const config = JSON.parse(text) as ImageConfig;
  return { ...config, rootfs: { ...config.rootfs, diff_ids: config.rootfs.diff_ids ?? [] } };
}
