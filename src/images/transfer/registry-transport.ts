import type { Readable } from "node:stream";
import type { Descriptor } from "../../formats/oci-types.ts";
import type { RegistryAuth } from "../types.ts";

export interface FetchedManifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

export interface BlobUpload {
  /** Opens the bytes from the start; called again when an upload has to start over. */
  open(): Readable | AsyncIterable<Uint8Array>;
  /** Absent when the bytes are made while they are sent. */
  digest?: string;
  sizeBytes?: number;
  /** Bytes handed to the registry so far. */
  onProgress?: (sentBytes: number) => void;
}

/** One repository of one registry, as pull and push need it. Errors carry Docker's messages. */
export interface RegistryRepository {
  /** By tag or digest; a digest is verified. */
  fetchManifest(tagOrDigest: string, signal?: AbortSignal): Promise<FetchedManifest>;
  listTags(signal?: AbortSignal): Promise<string[]>;
  /** The blob's bytes from `startBytes` on. The caller verifies the digest. */
  openBlob(descriptor: Descriptor, startBytes: number, signal?: AbortSignal): Promise<Readable>;
  hasBlob(digest: string, signal?: AbortSignal): Promise<boolean>;
  /** Asks the registry to take the blob over from another of its repositories. False: it has to be uploaded. */
  mountBlob(digest: string, fromRepository: string, signal?: AbortSignal): Promise<boolean>;
  uploadBlob(upload: BlobUpload, signal?: AbortSignal): Promise<{ digest: string; sizeBytes: number }>;
  putManifest(
    tagOrDigest: string,
    mediaType: string,
    bytes: Buffer,
    signal?: AbortSignal,
  ): Promise<{ digest: string }>;
}

/** What images need of a registry client; the composition root passes the registry module's client. */
export interface RegistryTransport {
  repository(
    /** Canonical domain (`docker.io`) and path (`library/busybox`). */
    name: { domain: string; path: string },
    options: { auth?: RegistryAuth; push?: boolean },
  ): RegistryRepository;
}
