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
  /** Throws NotFound. */
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
  /** Keeps blobs from garbage collection until released (or until it expires). */
  lease(digests?: readonly string[], ttlMs?: number): Promise<ContentLease>;
  /** Deletes blobs that neither `referenced` nor a lease holds; ingests older than a day too. */
  collectGarbage(referenced: ReadonlySet<string>): Promise<{ deleted: string[]; freedBytes: number }>;
}

export interface ContentLease {
  readonly id: string;
  add(digest: string): void;
  release(): Promise<void>;
}
