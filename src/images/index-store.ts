import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, makeDirectoryDurably, readRecord, syncDirectory } from "../base/index.ts";
import { writeFileDurably } from "../content/index.ts";
import { digestOf, parseDigest } from "../formats/index.ts";

/** `indexes/<hex>.json`: an index that several platforms' images stand in. */
export interface StoredIndex {
  version: 1;
  digest: string;
  mediaType: string;
  /** The index's exact bytes. */
  text: string;
  /** Everything that it leads to: manifests, configurations, layers' archives; all in the content store. */
  blobs: string[];
}

/**
 * Indexes that names stand for. The image of this machine's platform is an image as any other; those of others are blobs only, for
 * nothing here could run them.
 */
export class IndexStore {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #indexes = new Map<string, StoredIndex>();
  #areSomeLeftAlone = false;

  constructor(dir: string, logger: Logger) {
    this.#dir = join(dir, "indexes");
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    await Promise.all((await readdir(this.#dir)).map((name) => this.#load(name)));
  }

  async #load(name: string): Promise<void> {
    const path = join(this.#dir, name);
    if (name.endsWith(".tmp")) return rm(path, { force: true });
    const file = await readRecord(path, parseIndex);
    if (file.state === "present") this.#indexes.set(file.record.digest, file.record);
    if (file.state === "unreadable") this.#areSomeLeftAlone = true;
    if (file.state === "unreadable" || file.state === "damaged")
      this.#logger.error("image index left out", { file: path, error: file.error.message });
  }

  get(digest: string): StoredIndex | undefined {
    return this.#indexes.get(digest);
  }

  all(): IterableIterator<StoredIndex> {
    return this.#indexes.values();
  }

  /** Of an index that cannot be read nobody knows what it needs: then nothing is unneeded. */
  needsBlob(digest: string): boolean {
    if (this.#areSomeLeftAlone) return true;
    for (const { blobs } of this.#indexes.values()) if (blobs.includes(digest)) return true;
    return false;
  }

  async put(index: Omit<StoredIndex, "version">): Promise<void> {
    if (this.#indexes.has(index.digest)) return;
    const stored: StoredIndex = { version: 1, ...index };
    this.#indexes.set(index.digest, stored);
    try {
      await writeFileDurably(this.#path(index.digest), JSON.stringify(stored));
    } catch (error) {
      this.#indexes.delete(index.digest);
      throw error;
    }
  }

  /** Returns the blobs that it needed. */
  async remove(digest: string): Promise<string[]> {
    const index = this.#indexes.get(digest);
    if (!index) return [];
    this.#indexes.delete(digest);
    await rm(this.#path(digest), { force: true });
    await syncDirectory(this.#dir);
    return index.blobs;
  }

  #path(digest: string): string {
    return join(this.#dir, `${parseDigest(digest).hex}.json`);
  }
}

function parseIndex(text: string): StoredIndex {
  const index = JSON.parse(text) as StoredIndex;
  if (digestOf(index.text) !== index.digest) throw new Error("its text does not have its digest");
  return index;
}
