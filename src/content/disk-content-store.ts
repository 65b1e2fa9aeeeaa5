import { randomUUID } from "node:crypto";
import { createReadStream, openSync, statSync, unlinkSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import {
  type Clock,
  errnoCode,
  GantryError,
  invalidArgument,
  type Logger,
  makeDirectoryDurably,
  notFound,
  syncDirectory,
  systemClock,
} from "../base/index.ts";
import { digestOf, parseDigest, tryParseDigest } from "../formats/index.ts";
import { DiskIngest } from "./disk-ingest.ts";

import { Leases } from "./leases.ts";
import { storageError } from "./storage-error.ts";
import type { BlobInfo, ContentLease, ContentStore, Ingest, IngestOptions } from "./types.ts";

export interface ContentStoreOptions {
  /** `<home>/content`. */
  dir: string;
  logger: Logger;
  clock?: Clock;
}

const STALE_INGEST_MS = 24 * 60 * 60 * 1000;

/**
 * Opens (and makes) the store:
 *
 *     content/blobs/sha256/ab/abcd…   one file a blob, complete and never changed
 *     content/ingest/<id>/data        uploads under way
 */
export async function openContentStore(options: ContentStoreOptions): Promise<ContentStore> {
  const store = new DiskContentStore(options);
  await store.prepare();
  return store;
}

class DiskContentStore implements ContentStore {
  readonly #blobs: string;
  readonly #ingestDir: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #leases: Leases;
  readonly #checks = new Set<(digest: string) => boolean>();
  readonly #ingests = new Map<string, DiskIngest>();

  constructor({ dir, logger, clock = systemClock }: ContentStoreOptions) {
    this.#blobs = join(dir, "blobs");
    this.#ingestDir = join(dir, "ingest");
    this.#logger = logger;
    this.#clock = clock;
    this.#leases = new Leases(clock);
  }

  async prepare(): Promise<void> {
    for (const dir of [dirname(this.#blobs), this.#blobs, join(this.#blobs, "sha256"), this.#ingestDir]) {
      await makeDirectoryDurably(dir);
    }
  }

  async stat(digest: string): Promise<BlobInfo | undefined> {
    const found = await stat(this.#path(digest)).catch(undefinedIfMissing);
    return found && { digest, sizeBytes: found.size };
  }

  localPath(digest: string): string {
    const path = this.#path(digest);
    if (!statSync(path, { throwIfNoEntry: false })) throw noSuchBlob(digest);
    return path;
  }

  open(digest: string, range: { start: number; end?: number } = { start: 0 }): Readable {
    try {
      const fd = openSync(this.#path(digest), "r");
      return createReadStream("", { fd, start: range.start, end: range.end, highWaterMark: 256 * 1024 });
    } catch (error) {
      if (errnoCode(error) === "ENOENT") throw noSuchBlob(digest);
      throw storageError(error, `open blob ${digest}`);
    }
  }

  async readBytes(digest: string, limitBytes: number): Promise<Buffer> {
    const info = await this.stat(digest);
    if (!info) throw noSuchBlob(digest);
    if (info.sizeBytes > limitBytes) {
      throw new GantryError("ResourceExhausted", `blob ${digest} is larger than ${limitBytes} bytes`, {
        code: "Content.TooLarge",
      });
    }
    const bytes = await readFile(this.#path(digest)).catch((error) => {
      throw errnoCode(error) === "ENOENT" ? noSuchBlob(digest) : storageError(error, `read blob ${digest}`);
    });
    if (digestOf(bytes, parseDigest(digest).algorithm) !== digest) {
      throw new GantryError("DataLoss", `blob ${digest} is damaged on disk`, {
        code: "Content.Damaged",
        details: { path: this.#path(digest) },
      });
    }
    return bytes;
  }

  async ingest(
    source: Readable | AsyncIterable<Uint8Array> | Uint8Array,
    options: IngestOptions = {},
  ): Promise<BlobInfo> {
    const ingest = await this.#newIngest(randomUUID());
    try {
      const chunks = source instanceof Uint8Array ? onlyChunk(source) : source;
      const limitBytes = Math.min(
        options.limitBytes ?? Number.POSITIVE_INFINITY,
        options.expectedSizeBytes ?? Number.POSITIVE_INFINITY,
      );
      await ingest.appendLimited(chunks, limitBytes, options.signal).catch((error) => {
        throw sizeError(error, options);
      });
      return await ingest.commit(options);
    } catch (error) {
      await ingest.abort();
      throw error;
    }
  }

  startIngest(id: string = randomUUID()): Promise<Ingest> {
    return this.#newIngest(id);
  }

  async #newIngest(id: string): Promise<DiskIngest> {
    const dir = this.#ingestPath(id);
    try {
      await mkdir(dir, { mode: 0o700 });
      await writeFile(join(dir, "data"), "", { mode: 0o600, flag: "wx" });
    } catch (error) {
      if (errnoCode(error) === "EEXIST") {
        throw new GantryError("AlreadyExists", `upload ${id} exists already`, {
          code: "Content.IngestExists",
        });
      }
      throw storageError(error, "start upload");
    }
    return this.#track(id, 0);
  }

  async resumeIngest(id: string): Promise<Ingest | undefined> {
    const live = this.#ingests.get(id);
    if (live) return live;
    const found = await stat(join(this.#ingestPath(id), "data")).catch(undefinedIfMissing);
    // Two callers may have waited for the same answer.
    return this.#ingests.get(id) ?? (found && this.#track(id, found.size));
  }

  #track(id: string, offsetBytes: number): DiskIngest {
    const ingest = new DiskIngest(id, this.#ingestPath(id), offsetBytes, {
      publish: (file, digest) => this.#publish(file, digest),
      forget: (ended) => this.#ingests.delete(ended),
    });
    this.#ingests.set(id, ingest);
    return ingest;
  }

  async #publish(file: string, digest: string): Promise<void> {
    const path = this.#path(digest);
    try {
      await makeDirectoryDurably(dirname(dirname(path)));
      await makeDirectoryDurably(dirname(path));
      // Should the same blob be there already, it is replaced by its equal: readers keep the old file.
      await rename(file, path);
      this.#leases.touch(digest);
      await syncDirectory(dirname(path));
    } catch (error) {
      throw storageError(error, `store blob ${digest}`);
    }
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const algorithm of await names(this.#blobs)) {
      for (const shard of await names(join(this.#blobs, algorithm))) {
        for (const hex of await names(join(this.#blobs, algorithm, shard))) {
          const digest = `${algorithm}:${hex}`;
          const info = tryParseDigest(digest) && (await this.stat(digest));
          if (info) yield info;
        }
      }
    }
  }

  async delete(digest: string): Promise<void> {
    await rm(this.#path(digest), { force: true });
  }

  async lease(digests: readonly string[] = [], ttlMs?: number): Promise<ContentLease> {
    return this.#leases.grant(digests, ttlMs);
  }

  addReferenceCheck(isReferenced: (digest: string) => boolean): () => void {
    this.#checks.add(isReferenced);
    return () => this.#checks.delete(isReferenced);
  }

  async deleteUnreferenced(digests: Iterable<string>): Promise<{ deleted: string[]; freedBytes: number }> {
    const result = { deleted: [] as string[], freedBytes: 0 };
    for (const digest of new Set(digests)) {
      const info = await this.stat(digest);
      if (info && this.#deleteIfUnneeded(digest, () => false)) record(result, info);
    }
    return result;
  }

  async collectGarbage(referenced: ReadonlySet<string>): Promise<{ deleted: string[]; freedBytes: number }> {
    const result = { deleted: [] as string[], freedBytes: 0 };
    const usedLately = this.#leases.beginCollection();
    for await (const info of this.list()) {
      const keep = (digest: string) => referenced.has(digest) || usedLately(digest);
      if (this.#deleteIfUnneeded(info.digest, keep)) record(result, info);
    }
    await this.#removeStaleIngests();
    if (result.deleted.length > 0) {
      this.#logger.info("content collected", { blobs: result.deleted.length, freedBytes: result.freedBytes });
    }
    return result;
  }

  /** Asks and deletes without giving control away in between: nobody can start to need the blob meanwhile. */
  #deleteIfUnneeded(digest: string, keep: (digest: string) => boolean): boolean {
    if (keep(digest) || this.#leases.isHeld(digest)) return false;
    for (const isReferenced of this.#checks) if (isReferenced(digest)) return false;
    try {
      unlinkSync(this.#path(digest));
      return true;
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return false;
      throw storageError(error, `delete blob ${digest}`);
    }
  }

  async #removeStaleIngests(): Promise<void> {
    for (const id of await names(this.#ingestDir)) {
      if (this.#ingests.has(id)) {
        await this.#abortIfStale(id);
        continue;
      }
      const found = await stat(join(this.#ingestDir, id)).catch(undefinedIfMissing);
      if (found && this.#isStale(found.mtimeMs))
        await rm(join(this.#ingestDir, id), { recursive: true, force: true });
    }
  }

  async #abortIfStale(id: string): Promise<void> {
    const found = await stat(join(this.#ingestDir, id, "data")).catch(undefinedIfMissing);
    if (found && this.#isStale(found.mtimeMs)) await this.#ingests.get(id)?.abort();
  }

  #isStale(mtimeMs: number): boolean {
    return this.#clock.nowMs() - mtimeMs > STALE_INGEST_MS;
  }

  #path(digest: string): string {
    const { algorithm, hex } = parseDigest(digest);
    return join(this.#blobs, algorithm, hex.slice(0, 2), hex);
  }

  #ingestPath(id: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(id)) {
      throw invalidArgument(`invalid upload id ${JSON.stringify(id.slice(0, 200))}`, {
        code: "Content.InvalidIngestId",
      });
    }
    return join(this.#ingestDir, id);
  }
}

function record(result: { deleted: string[]; freedBytes: number }, info: BlobInfo): void {
  result.deleted.push(info.digest);
  result.freedBytes += info.sizeBytes;
}

/** More bytes than were announced is a wrong size, not a full store. */
function sizeError(
  error: unknown,
  { expectedSizeBytes, limitBytes = Number.POSITIVE_INFINITY }: IngestOptions,
): unknown {
  const isTooLarge = error instanceof GantryError && error.code === "Content.TooLarge";
  if (!isTooLarge || expectedSizeBytes === undefined || expectedSizeBytes > limitBytes) return error;
  return invalidArgument(`size mismatch: expected ${expectedSizeBytes} bytes, got more`, {
    code: "Content.SizeMismatch",
  });
}

async function* onlyChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function names(dir: string): Promise<string[]> {
  return (await readdir(dir).catch(undefinedIfMissing)) ?? [];
}

function undefinedIfMissing(error: unknown): undefined {
  if (errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR") return undefined;
  throw storageError(error, "look into the content store");
}

const noSuchBlob = (digest: string) => notFound(`no such blob: ${digest}`, { code: "Content.NotFound" });
