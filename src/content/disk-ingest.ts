import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { failpoint, GantryError, invalidArgument } from "../base/index.ts";
import { parseDigest } from "../formats/index.ts";
import { abortable } from "./abortable.ts";
import { storageError } from "./storage-error.ts";
import type { BlobInfo, Ingest, IngestOptions } from "./types.ts";

/** What an ingest needs of the store it belongs to. */
export interface IngestHost {
  /** Moves a complete, synced file to its place under the digest and makes that durable. */
  publish(file: string, digest: string): Promise<void>;
  forget(id: string): void;
}

/** Bytes of one upload in `ingest/<id>/data`, and their running hash. */
export class DiskIngest implements Ingest {
  readonly id: string;
  readonly #dir: string;
  readonly #file: string;
  readonly #host: IngestHost;
  #offset: number;
  /** Of the first `#offset` bytes; absent after a restart, until they were read again. */
  #hash: Hash | undefined;
  #busy = false;
  #ended = false;

  constructor(id: string, dir: string, offsetBytes: number, host: IngestHost) {
    this.id = id;
    this.#dir = dir;
    this.#file = join(dir, "data");
    this.#host = host;
    this.#offset = offsetBytes;
    this.#hash = offsetBytes === 0 ? createHash("sha256") : undefined;
  }

  get offsetBytes(): number {
    return this.#offset;
  }

  append(source: Readable | AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    return this.appendLimited(source, Number.POSITIVE_INFINITY, signal);
  }

  /** As `append`; ResourceExhausted once the whole would be larger than the limit. */
  appendLimited(
    source: Readable | AsyncIterable<Uint8Array>,
    limitBytes: number,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#exclusively(async () => {
      const hash = await this.#currentHash();
      const handle = await open(this.#file, "r+").catch((error) => {
        throw storageError(error, "open upload");
      });
      try {
        for await (const chunk of abortable(source, signal)) {
          if (this.#offset + chunk.length > limitBytes) throw tooLarge(limitBytes);
          hash.update(chunk);
          await writeFully(handle, chunk, this.#offset);
          this.#offset += chunk.length;
        }
      } catch (error) {
        // A chunk may be hashed and not written, or written in part: what counts is what the offset covers.
        this.#hash = undefined;
        await handle.truncate(this.#offset).catch(() => {});
        throw error;
      } finally {
        await handle.close();
      }
    });
  }

  commit(options: IngestOptions = {}): Promise<BlobInfo> {
    return this.#exclusively(async () => {
      try {
        const digest = await this.#verifiedDigest(options);
        await this.#sync();
        failpoint("content/commit/synced");
        options.lease?.add(digest);
        await this.#host.publish(this.#file, digest);
        failpoint("content/commit/published");
        return { digest, sizeBytes: this.#offset };
      } finally {
        await this.#end();
      }
    });
  }

  abort(): Promise<void> {
    return this.#end();
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#host.forget(this.id);
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #verifiedDigest(options: IngestOptions): Promise<string> {
    const { expectedDigest, expectedSizeBytes, limitBytes } = options;
    if (limitBytes !== undefined && this.#offset > limitBytes) throw tooLarge(limitBytes);
    if (expectedSizeBytes !== undefined && expectedSizeBytes !== this.#offset) {
      throw invalidArgument(`size mismatch: expected ${expectedSizeBytes} bytes, got ${this.#offset}`, {
        code: "Content.SizeMismatch",
        details: { expectedSizeBytes, sizeBytes: this.#offset },
      });
    }
    const algorithm = expectedDigest === undefined ? "sha256" : parseDigest(expectedDigest).algorithm;
    const hash = algorithm === "sha256" ? await this.#currentHash() : await this.#rehash(algorithm);
    const digest = `${algorithm}:${hash.copy().digest("hex")}`;
    if (expectedDigest !== undefined && digest !== expectedDigest) {
      throw invalidArgument(`digest mismatch: expected ${expectedDigest}, got ${digest}`, {
        code: "Content.DigestMismatch",
        details: { expectedDigest, digest },
      });
    }
    return digest;
  }

  async #currentHash(): Promise<Hash> {
    this.#hash ??= await this.#rehash("sha256");
    return this.#hash;
  }

  async #rehash(algorithm: string): Promise<Hash> {
    const hash = createHash(algorithm);
    if (this.#offset === 0) return hash;
    for await (const chunk of createReadStream(this.#file, { end: this.#offset - 1 })) hash.update(chunk);
    return hash;
  }

  async #sync(): Promise<void> {
    try {
      const handle = await open(this.#file, "r+");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw storageError(error, "sync upload");
    }
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ended)
      throw new GantryError("NotFound", `no such upload: ${this.id}`, { code: "Content.NoIngest" });
    if (this.#busy) {
      throw new GantryError("Conflict", `upload ${this.id} is being written to`, {
        code: "Content.IngestBusy",
      });
    }
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

async function writeFully(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await handle.write(chunk, at, chunk.length - at, position + at);
      at += bytesWritten;
    }
  } catch (error) {
    throw storageError(error, "write upload");
  }
}

const tooLarge = (limitBytes: number) =>
  new GantryError("ResourceExhausted", `the blob is larger than the limit of ${limitBytes} bytes`, {
    code: "Content.TooLarge",
  });
