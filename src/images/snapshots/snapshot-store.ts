import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { chmod, chown, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  errnoCode,
  GantryError,
  invalidArgument,
  isDirectory,
  type Logger,
  makeDirectoryDurably,
  notFound,
  type RecordFile,
  readRecord,
  syncDirectory,
} from "../../base/index.ts";
import { storageError, writeFileDurably } from "../../content/index.ts";
import type { RootfsMount } from "../types.ts";

/** `snapshots/<key>/snapshot.json`. */
export interface SnapshotRecord {
  version: 1;
  key: string;
  imageId?: string;
  /** Diff ids of the layers below, bottom first. */
  layers: string[];
}

export interface SnapshotStoreOptions {
  /** `<home>/images`. */
  dir: string;
  layerDir: (diffId: string) => string;
  logger: Logger;
}

/**
 * Writable snapshots:
 *
 *     snapshots/<key>/snapshot.json   what lies below
 *     snapshots/<key>/upper/ work/    overlayfs' two directories
 *     snapshots/.tmp-<id>/            being made or removed
 *     empty/                          the layer below where an image has none
 */
export class SnapshotStore {
  readonly #dir: string;
  readonly #emptyDir: string;
  readonly #layerDir: (diffId: string) => string;
  readonly #logger: Logger;
  readonly #snapshots = new Map<string, SnapshotRecord>();
  readonly #leftAlone = new Set<string>();

  constructor({ dir, layerDir, logger }: SnapshotStoreOptions) {
    this.#dir = join(dir, "snapshots");
    this.#emptyDir = join(dir, "empty");
    this.#layerDir = layerDir;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    await makeDirectoryDurably(this.#emptyDir);
    await chmod(this.#emptyDir, 0o755);
    for (const name of await readdir(this.#dir)) await this.#load(name);
  }

  async #load(name: string): Promise<void> {
    const file = name.startsWith(".tmp-") ? undefined : await this.#read(name);
    if (file?.state === "present") {
      this.#snapshots.set(name, file.record);
      return;
    }
    if (file?.state === "unreadable" || file?.state === "damaged") {
      // What was written into it may be whole, and is nobody's to throw away.
      this.#leftAlone.add(name);
      this.#logger.error("a snapshot's record cannot be read; the snapshot is left alone", {
        snapshot: name,
        error: file.error.message,
      });
      return;
    }
    if (file) this.#logger.warn("incomplete snapshot removed", { snapshot: name });
    await rm(join(this.#dir, name), { recursive: true, force: true });
  }

  async #read(name: string): Promise<RecordFile<SnapshotRecord>> {
    const file = await readRecord<SnapshotRecord>(join(this.#dir, name, "snapshot.json"));
    if (file.state !== "present") return file;
    // Without it the program was killed while the upper directory became a layer.
    return (await isDirectory(this.upperDir(name))) ? file : { state: "absent" };
  }

  get(key: string): SnapshotRecord | undefined {
    return this.#snapshots.get(key);
  }

  require(key: string): SnapshotRecord {
    if (this.#leftAlone.has(key)) throw leftAlone(key);
    const record = this.#snapshots.get(key);
    if (!record) throw notFound(`no such snapshot: ${key}`, { code: "Snapshot.NotFound" });
    return record;
  }

  keys(): string[] {
    return [...this.#snapshots.keys()];
  }

  /** Whatever a snapshot whose record cannot be read may stand on counts as needed. */
  needsLayer(diffId: string): boolean {
    if (this.#leftAlone.size > 0) return true;
    for (const { layers } of this.#snapshots.values()) if (layers.includes(diffId)) return true;
    return false;
  }

  usesImage(imageId: string): boolean {
    for (const snapshot of this.#snapshots.values()) if (snapshot.imageId === imageId) return true;
    return false;
  }

  /** Makes a snapshot; one that is there already with the same layers below is returned as it is. */
  async prepare(key: string, imageId: string | undefined, layers: readonly string[]): Promise<RootfsMount> {
    assertKey(key);
    if (this.#leftAlone.has(key)) throw leftAlone(key);
    const known = this.#snapshots.get(key);
    if (known) {
      if (known.layers.join() === layers.join()) return this.mountOf(key);
      throw new GantryError("AlreadyExists", `snapshot ${key} exists already`, { code: "Snapshot.Exists" });
    }
    const record: SnapshotRecord = { version: 1, key, ...(imageId ? { imageId } : {}), layers: [...layers] };
    // Known from now on, so that nobody removes the layers while the directories are made.
    this.#snapshots.set(key, record);
    try {
      await this.#make(record);
    } catch (error) {
      this.#snapshots.delete(key);
      throw storageError(error, "make snapshot");
    }
    return this.mountOf(key);
  }

  async #make(record: SnapshotRecord): Promise<void> {
    const temporary = join(this.#dir, `.tmp-${randomUUID()}`);
    try {
      await mkdir(temporary, { mode: 0o700 });
      await mkdir(join(temporary, "work"), { mode: 0o700 });
      await this.#makeUpper(join(temporary, "upper"), record.layers);
      await writeFileDurably(join(temporary, "snapshot.json"), JSON.stringify(record));
      await rename(temporary, this.#path(record.key));
      await syncDirectory(this.#dir);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  }

  /** The uppermost directory's owner and mode are those of `/`: they are taken over from the layer below. */
  async #makeUpper(upper: string, layers: readonly string[]): Promise<void> {
    await mkdir(upper, { recursive: true, mode: 0o755 });
    const top = layers.at(-1);
    if (top === undefined) return;
    const below = await stat(this.#layerDir(top));
    await chown(upper, below.uid, below.gid);
    await chmod(upper, below.mode & 0o7777);
  }

  mountOf(key: string): RootfsMount {
    const { layers } = this.require(key);
    return {
      type: "overlay",
      lowerDirs: this.#lowerDirsOf(layers),
      upperDir: this.upperDir(key),
      workDir: join(this.#path(key), "work"),
    };
  }

  /** Nothing can be written into it. */
  readOnlyMountOf(layers: readonly string[]): RootfsMount {
    if (layers.length === 0) return { type: "bind", lowerDirs: [this.#emptyDir] };
    // Without an upper directory overlayfs wants two lower ones.
    return { type: "overlay", lowerDirs: [...this.#lowerDirsOf(layers), this.#emptyDir] };
  }

  #lowerDirsOf(layers: readonly string[]): string[] {
    // A layer that an image has twice (an empty one, say) counts where it is uppermost; overlayfs takes no directory twice.
    const lowerDirs = [...new Set(layers.map((diffId) => this.#layerDir(diffId)).reverse())];
    return lowerDirs.length === 0 ? [this.#emptyDir] : lowerDirs;
  }

  upperDir(key: string): string {
    return join(this.#path(key), "upper");
  }

  /** Nothing was written, and `/` looks as in the layer below. */
  async isUnchanged(key: string): Promise<boolean> {
    return this.addsNothing(this.upperDir(key), this.require(key).layers);
  }

  /** Whether what a directory holds changes nothing of the layers below it. */
  async addsNothing(dir: string, layers: readonly string[]): Promise<boolean> {
    if ((await readdir(dir)).length > 0) return false;
    const top = layers.at(-1);
    if (top === undefined) return true;
    const [own, below] = await Promise.all([stat(dir), stat(this.#layerDir(top))]);
    return own.mode === below.mode && own.uid === below.uid && own.gid === below.gid;
  }

  /** After the upper directory became a layer: the snapshot goes on, empty, on top of it. */
  async restack(key: string, imageId: string, layers: readonly string[]): Promise<void> {
    const record: SnapshotRecord = { version: 1, key, imageId, layers: [...layers] };
    this.#snapshots.set(key, record);
    await rm(join(this.#path(key), "work"), { recursive: true, force: true });
    await mkdir(join(this.#path(key), "work"), { mode: 0o700 });
    await this.#makeUpper(this.upperDir(key), layers);
    await writeFileDurably(join(this.#path(key), "snapshot.json"), JSON.stringify(record));
  }

  async remove(key: string): Promise<SnapshotRecord | undefined> {
    const record = this.#snapshots.get(key);
    if (!record && !this.#leftAlone.has(key)) return undefined;
    const temporary = join(this.#dir, `.tmp-${randomUUID()}`);
    try {
      await rename(this.#path(key), temporary);
    } catch (error) {
      if (errnoCode(error) !== "ENOENT") throw storageError(error, "remove snapshot");
    }
    this.#snapshots.delete(key);
    this.#leftAlone.delete(key);
    await syncDirectory(this.#dir);
    await rm(temporary, { recursive: true, force: true });
    return record;
  }

  #path(key: string): string {
    return join(this.#dir, key);
  }
}

function leftAlone(key: string): GantryError {
  return new GantryError("DataLoss", `the record of snapshot ${key} cannot be read`, {
    code: "Snapshot.Unreadable",
    hint: "see the log of the start",
  });
}

function assertKey(key: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,200}$/.test(key)) return;
  throw invalidArgument(`invalid snapshot key ${JSON.stringify(key.slice(0, 200))}`, {
    code: "Snapshot.InvalidKey",
  });
}

/** A directory's descriptor and the way to close it. */
export function openDirectory(dir: string): { fd: number; close: () => void } {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  return { fd, close: () => closeSync(fd) };
}
