import type { Readable } from "node:stream";

export interface BlobInfo {
  digest: string;
  sizeBytes: number;
}

export interface IngestOptions {
  /** When given, a mismatch fails with InvalidArgument (`Content.DigestMismatch` / `Content.SizeMismatch`). */
  expectedDigest?: string;
  expectedSizeBytes?: number;
  /** ResourceExhausted beyond it. */
  limitBytes?: number;
  /** Holds the blob before it can be seen: the same bytes may be somebody else's garbage at that moment. */
  lease?: ContentLease;
  signal?: AbortSignal;
}

/** A resumable upload. Survives a restart of the program under its id. */
export interface Ingest {
  readonly id: string;
  readonly offsetBytes: number;
  append(source: Readable | AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Makes the blob visible under its digest, or fails and keeps nothing under it. */
  commit(options?: IngestOptions): Promise<BlobInfo>;
  abort(): Promise<void>;
}

/** Blobs by digest (`sha256:<hex>`, also sha512). A blob that is visible is complete, durable and verified. */
export interface ContentStore {
  stat(digest: string): Promise<BlobInfo | undefined>;
  /** From `start` to `end`, both included. Throws NotFound; the stream has to be read or destroyed. */
  open(digest: string, range?: { start: number; end?: number }): Readable;
  readBytes(digest: string, limitBytes: number): Promise<Buffer>;
  ingest(
    source: Readable | AsyncIterable<Uint8Array> | Uint8Array,
    options?: IngestOptions,
  ): Promise<BlobInfo>;
  startIngest(id?: string): Promise<Ingest>;
  resumeIngest(id: string): Promise<Ingest | undefined>;
  list(): AsyncIterable<BlobInfo>;
  delete(digest: string): Promise<void>;
  /** Path of the blob's file, for a reader in another thread. Throws NotFound; hold a lease while using it. */
  localPath(digest: string): string;
  /** Keeps blobs from garbage collection until released (or until it expires). */
  lease(digests?: readonly string[], ttlMs?: number): Promise<ContentLease>;
  /**
   * Whoever keeps metadata that names blobs registers here, and answers from memory whether it needs a digest. It is
   * asked in the same turn in which a blob is deleted, so metadata written before that is always respected.
   */
  addReferenceCheck(isReferenced: (digest: string) => boolean): () => void;
  /** Deletes those of `digests` that nothing holds: what a removal left behind, without a walk over the whole store. */
  deleteUnreferenced(digests: Iterable<string>): Promise<{ deleted: string[]; freedBytes: number }>;
  /**
   * Deletes blobs that neither `referenced`, a registered check nor a lease holds; ingests older than a day too. A blob
   * that was committed or released since the previous collection began is left for the next one.
   */
  collectGarbage(referenced: ReadonlySet<string>): Promise<{ deleted: string[]; freedBytes: number }>;
}

export interface ContentLease {
  readonly id: string;
  add(digest: string): void;
  release(): Promise<void>;
}
