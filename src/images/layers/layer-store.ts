import { randomUUID } from "node:crypto";
import { renameSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  failpoint,
  GantryError,
  invalidArgument,
  isDirectory,
  type Logger,
  makeDirectoryDurably,
  notFound,
  readRecord,
  syncDirectory,
} from "../../base/index.ts";
import { type BlobInfo, type ContentStore, storageError, writeFileDurably } from "../../content/index.ts";
import { decompress, isDigest, parseDigest } from "../../formats/index.ts";
import { hostInfo, syncFileSystem } from "../../kernel/index.ts";
import type { ImageLimits } from "../image-limits.ts";
import { type LayerFacts, packClamped } from "./layer-operations.ts";
import { measureTree, packTreeStream, unpackBlob } from "./layer-worker.ts";

/** One way in which a layer's archive is, or was, distributed. */
export interface LayerBlob {
  digest: string;
  sizeBytes: number;
  mediaType: string;
  /** Repositories (`127.0.0.1:5000/shop/web`) known to hold it, newest first: a push may mount it from there. */
  repositories: string[];
}

/** `layers/<hex>/layer.json`. */
export interface LayerRecord extends LayerFacts {
  version: 1;
  /**
   * Made here: its archive can be made again from the directory at any time. One from elsewhere needs its blob, because
   * nobody else's archiver can be repeated byte for byte.
   */
  own: boolean;
  blobs: LayerBlob[];
  /** Boot during which the directory was written, until it is known to be on disk. */
  unsyncedBootId?: string;
}

/** A layer that cannot be removed until it is released. */
export interface HeldLayer {
  record: LayerRecord;
  release: () => void;
}

export interface LayerStoreOptions {
  /** `<home>/images`. */
  dir: string;
  content: ContentStore;
  limits: ImageLimits;
  logger: Logger;
}

const MAX_REPOSITORIES = 16;

/**
 * Unpacked layers, each a directory ready for overlayfs, shared by all images that have it:
 *
 *     layers/<hex of the diff id>/diff/        the tree, with overlayfs' whiteouts
 *     layers/<hex of the diff id>/layer.json   LayerRecord
 *     layers/tmp-<id>/                         being made or removed
 */
export class LayerStore {
  readonly #dir: string;
  readonly #content: ContentStore;
  readonly #limits: ImageLimits;
  readonly #logger: Logger;
  readonly #layers = new Map<string, LayerRecord>();
  readonly #leftAlone = new Set<string>();
  readonly #holds = new Map<string, number>();
  readonly #unpacking = new Map<string, Promise<LayerRecord>>();
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  constructor({ dir, content, limits, logger }: LayerStoreOptions) {
    this.#dir = join(dir, "layers");
    this.#content = content;
    this.#limits = limits;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    for (const name of await readdir(this.#dir)) await this.#load(name);
  }

  async #load(name: string): Promise<void> {
    const diffId = `sha256:${name}`;
    const file = isDigest(diffId) ? await readRecord<LayerRecord>(this.#recordPath(diffId)) : undefined;
    if (file?.state === "unreadable") {
      this.#leftAlone.add(diffId);
      this.#logger.error("a layer's record cannot be read; the layer is left alone", {
        layer: name,
        error: file.error.message,
      });
      return;
    }
    const record = file?.state === "present" ? file.record : undefined;
    if (record?.diffId === diffId && (await isDirectory(this.diffDir(diffId))) && isOnDisk(record)) {
      this.#layers.set(diffId, record);
      return;
    }
    if (!name.startsWith("tmp-")) this.#logger.warn("incomplete layer removed", { layer: name });
    await rm(join(this.#dir, name), { recursive: true, force: true });
  }

  #recordPath(diffId: string): string {
    return join(this.#dir, parseDigest(diffId).hex, "layer.json");
  }

  get(diffId: string): LayerRecord | undefined {
    return this.#layers.get(diffId);
  }

  /** It is known not to be there: one that cannot be read may be whole. */
  isMissing(diffId: string): boolean {
    return !this.#layers.has(diffId) && !this.#leftAlone.has(diffId);
  }

  diffDir(diffId: string): string {
    return join(this.#dir, parseDigest(diffId).hex, "diff");
  }

  /** Digests of blobs that layers from elsewhere need. */
  isBlobNeeded(digest: string): boolean {
    // Nobody knows which are those of a layer that cannot be read.
    if (this.#leftAlone.size > 0) return true;
    for (const layer of this.#layers.values()) {
      if (!layer.own && layer.blobs.some((blob) => blob.digest === digest)) return true;
    }
    return false;
  }

  isHeld(diffId: string): boolean {
    return this.#holds.has(diffId);
  }

  /** Keeps layers from being removed, also ones that are still to come. Returns the way to let go. */
  hold(diffIds: readonly string[]): () => void {
    for (const diffId of diffIds) this.#holds.set(diffId, (this.#holds.get(diffId) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const diffId of diffIds) {
        const left = this.#holds.get(diffId)! - 1;
        if (left > 0) this.#holds.set(diffId, left);
        else this.#holds.delete(diffId);
      }
    };
  }

  /** Unpacks a blob of the content store as the layer `diffId`; InvalidArgument (`Layer.DiffIdMismatch`) if it is another. */
  unpack(
    diffId: string,
    blob: LayerBlob,
    onProgress: (readBytes: number) => void = () => {},
  ): Promise<LayerRecord> {
    const pending = this.#unpacking.get(diffId);
    if (pending) return pending;
    const unpacking = this.#unpack(diffId, blob, onProgress).finally(() => this.#unpacking.delete(diffId));
    this.#unpacking.set(diffId, unpacking);
    return unpacking;
  }

  async #unpack(diffId: string, blob: LayerBlob, onProgress: (bytes: number) => void): Promise<LayerRecord> {
    const known = this.#layers.get(diffId);
    if (known) return this.addBlob(diffId, blob);
    const made = await this.#make(async (dir) => {
      const facts = await unpackBlob(this.#content.localPath(blob.digest), dir, this.#limits, onProgress);
      if (facts.diffId !== diffId) {
        throw invalidArgument(
          `layer ${blob.digest} has diff id ${facts.diffId}, not ${diffId} as its image says`,
          {
            code: "Layer.DiffIdMismatch",
          },
        );
      }
      return { facts, own: false, blobs: [blob] };
    });
    made.release();
    return made.record;
  }

  /** Unpacks a blob whose diff id nobody told. */
  unpackUnknown(blob: LayerBlob): Promise<HeldLayer> {
    return this.#make(async (dir) => ({
      facts: await unpackBlob(this.#content.localPath(blob.digest), dir, this.#limits, () => {}),
      own: false,
      blobs: [blob],
    }));
  }

  /** Makes a snapshot's upper directory a layer by moving it. */
  async adopt(upperDir: string): Promise<HeldLayer> {
    const facts = await measureTree(upperDir);
    return this.#make(async (dir) => {
      await rm(dir, { recursive: true });
      await rename(upperDir, dir);
      return { facts, own: true, blobs: [] };
    });
  }

  /** Makes a layer of a directory that stays where it is, and may be written to meanwhile. */
  copyOf(upperDir: string): Promise<HeldLayer> {
    return this.#copyOf(packTreeStream(upperDir, Number.POSITIVE_INFINITY));
  }

  /** The same layer with no time in it after `latestMs`; times in layers are whole seconds. */
  rewritten(diffId: string, { latestMs }: { latestMs: number }): Promise<HeldLayer> {
    return this.#copyOf(packClamped(this.diffDir(diffId), Math.floor(latestMs / 1000)));
  }

  async #copyOf(archive: Readable): Promise<HeldLayer> {
    const lease = await this.#content.lease();
    let copied: BlobInfo | undefined;
    try {
      copied = await this.#content.ingest(archive, { lease });
      const path = this.#content.localPath(copied.digest);
      return await this.#make(async (dir) => ({
        facts: await unpackBlob(path, dir, this.#limits, () => {}),
        own: true,
        blobs: [],
      }));
    } finally {
      await lease.release();
      if (copied) await this.#content.deleteUnreferenced([copied.digest]);
    }
  }

  async #make(
    fill: (dir: string) => Promise<{ facts: LayerFacts; own: boolean; blobs: LayerBlob[] }>,
  ): Promise<HeldLayer> {
    const temporary = join(this.#dir, `tmp-${randomUUID()}`);
    const diff = join(temporary, "diff");
    try {
      await mkdir(temporary, { mode: 0o700 });
      await mkdir(diff, { mode: 0o755 });
      const { facts, own, blobs } = await fill(diff);
      const record: LayerRecord = { version: 1, ...facts, own, blobs, unsyncedBootId: hostInfo().bootId };
      const release = this.hold([record.diffId]);
      try {
        return { record: await this.#publish(temporary, record), release };
      } catch (error) {
        release();
        throw error;
      }
    } catch (error) {
      throw storageError(error, "make layer");
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  async #publish(temporary: string, record: LayerRecord): Promise<LayerRecord> {
    await writeFileDurably(join(temporary, "layer.json"), JSON.stringify(record));
    failpoint("images/layer/before-rename");
    if (this.#leftAlone.has(record.diffId)) throw unreadable(record.diffId);
    const known = this.#layers.get(record.diffId);
    if (known) return record.blobs[0] ? this.addBlob(record.diffId, record.blobs[0]) : known;
    renameSync(temporary, join(this.#dir, parseDigest(record.diffId).hex));
    this.#layers.set(record.diffId, record);
    return record;
  }

  /** Remembers another form of the layer's archive, or another place where it is. */
  async addBlob(diffId: string, blob: LayerBlob): Promise<LayerRecord> {
    const record = this.#require(diffId);
    const known = record.blobs.find((one) => one.digest === blob.digest);
    const news = blob.repositories.filter((repository) => !known?.repositories.includes(repository));
    if (known && news.length === 0) return record;
    if (known) known.repositories = [...news, ...known.repositories].slice(0, MAX_REPOSITORIES);
    else record.blobs.push({ ...blob, repositories: [...blob.repositories] });
    await this.#save(record);
    return record;
  }

  async #save(record: LayerRecord): Promise<void> {
    await writeFileDurably(this.#recordPath(record.diffId), JSON.stringify(record));
  }

  #require(diffId: string): LayerRecord {
    const record = this.#layers.get(diffId);
    if (this.#leftAlone.has(diffId)) throw unreadable(diffId);
    if (!record) throw notFound(`no such layer: ${diffId}`, { code: "Layer.NotFound" });
    return record;
  }

  /** The layer's uncompressed archive: made again from the directory, or from its blob. */
  archive(diffId: string): Readable | AsyncIterable<Uint8Array> {
    const record = this.#require(diffId);
    if (record.own) return packTreeStream(this.diffDir(diffId), record.tarBytes);
    for (const { digest } of record.blobs) {
      try {
        return decompress(this.#content.open(digest));
      } catch {
        // Another form may still be there.
      }
    }
    throw new GantryError("DataLoss", `no archive of layer ${diffId} is left`, { code: "Layer.NoArchive" });
  }

  /** Resolves when these layers would survive a power cut. Callers that wait at the same time share one write-back. */
  async sync(diffIds: readonly string[]): Promise<void> {
    const unsynced = diffIds.map((diffId) => this.#require(diffId)).filter((record) => record.unsyncedBootId);
    if (unsynced.length === 0) return;
    await this.#syncAll();
    for (const record of unsynced) {
      if (record.unsyncedBootId === undefined) continue;
      delete record.unsyncedBootId;
      if (this.#layers.has(record.diffId)) await this.#save(record);
    }
  }

  /** One write-back at a time; whoever comes while it runs needs the next one. */
  #syncAll(): Promise<void> {
    if (!this.#syncing) {
      this.#syncing = this.#syncFileSystem().finally(() => {
        this.#syncing = undefined;
      });
      return this.#syncing;
    }
    this.#nextSync ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#nextSync = undefined;
        return this.#syncAll();
      });
    return this.#nextSync;
  }

  async #syncFileSystem(): Promise<void> {
    const handle = await open(this.#dir, "r");
    try {
      const result = await syncFileSystem(handle.fd);
      if (result < 0)
        throw new GantryError("DataLoss", "layers could not be written to disk", { code: "Layer.IoError" });
    } finally {
      await handle.close();
    }
  }

  /**
   * Removes layers that are neither held nor `isNeeded`. They are out of sight before control is given away; the bytes go
   * afterwards.
   */
  async removeUnneeded(
    diffIds: Iterable<string>,
    isNeeded: (diffId: string) => boolean,
  ): Promise<{ freedBytes: number; removed: string[]; blobs: string[] }> {
    const result = { freedBytes: 0, removed: [] as string[], blobs: [] as string[] };
    const doomed: string[] = [];
    for (const diffId of new Set(diffIds)) {
      const record = this.#layers.get(diffId);
      if (!record || this.#holds.has(diffId) || this.#unpacking.has(diffId) || isNeeded(diffId)) continue;
      const temporary = join(this.#dir, `tmp-${randomUUID()}`);
      renameSync(join(this.#dir, parseDigest(diffId).hex), temporary);
      this.#layers.delete(diffId);
      doomed.push(temporary);
      result.removed.push(diffId);
      result.freedBytes += record.contentBytes;
      result.blobs.push(...record.blobs.map((blob) => blob.digest));
    }
    for (const dir of doomed) await rm(dir, { recursive: true, force: true });
    if (doomed.length > 0) await syncDirectory(this.#dir);
    return result;
  }

  all(): IterableIterator<LayerRecord> {
    return this.#layers.values();
  }
}

/** A directory that was written before the machine's last start and never synced may have lost anything. */
function isOnDisk(record: LayerRecord): boolean {
  return record.unsyncedBootId === undefined || record.unsyncedBootId === hostInfo().bootId;
}

function unreadable(diffId: string): GantryError {
  return new GantryError("DataLoss", `the record of layer ${diffId} cannot be read`, {
    code: "Layer.Unreadable",
    hint: "see the log of the start",
  });
}
