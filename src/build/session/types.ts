import type { Duplex } from "node:stream";
import type { RegistryAuth } from "../../images/types.ts";

/** What the client of a build offers while the build runs: its files, its secrets, its agent, places to put results. */
export interface ClientSession {
  id: string;
  /** The same for builds of the same directory by the same client: what was sent before need not be sent again. Empty: unknown. */
  sharedKey: string;
  /** Aborts when the client is gone. */
  signal: AbortSignal;
  /** A directory of the client's by name (`context`, `dockerfile`, …). NotFound when it has none of that name. */
  openFiles(request: FileSyncRequest, signal: AbortSignal): Promise<FileSync>;
  /** Credentials for a registry by host, if the client has any. */
  credentials(host: string, signal?: AbortSignal): Promise<RegistryAuth | undefined>;
  /** Bytes of a secret; undefined when the client has none of that id. */
  secret(id: string, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** A connection to the client's SSH agent `id` (`default` if empty); undefined when it exposes none. */
  sshAgent(id: string, signal?: AbortSignal): Promise<(() => Promise<Duplex>) | undefined>;
  /** Another session by its id: builds of one `bake` share those that have their contexts. NotFound when there is none. */
  other?(id: string, signal: AbortSignal): Promise<ClientSession>;
  /** Content that the client offers under `http://buildkit-session/PATH`; to be had once. */
  upload?(path: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** A store of blobs by the name that the client gives it: `local:DIR` for caches, `oci:ID` for OCI layouts. */
  contentStore?(id: string): ClientContentStore;
  /** Sends one stream of bytes (a tar) to exporter `exporterId` of the client; resolves when the client has it whole. */
  sendFile(
    exporterId: number,
    metadata: Readonly<Record<string, string>>,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Makes the client's directory of exporter `exporterId` hold these entries. */
  sendTree(
    exporterId: number,
    metadata: Readonly<Record<string, string>>,
    entries: AsyncIterable<FileEntry>,
    read: (path: string) => AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Blobs of the client's. NotFound for one that it does not have. */
export interface ClientContentStore {
  sizeOf(digest: string, signal: AbortSignal): Promise<number>;
  /** The bytes from `startBytes` on; the caller verifies them. */
  read(digest: string, startBytes: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Fine where it has the blob already. */
  write(
    blob: { digest: string; size: number },
    content: AsyncIterable<Uint8Array> | Uint8Array,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface FileSyncRequest {
  name: string;
  /** Patterns as in `.dockerignore`; empty: everything. */
  includePatterns: readonly string[];
  excludePatterns: readonly string[];
  /** Paths that are sent with whatever links on the way lead to. */
  followPaths: readonly string[];
}

/** A client's directory while it is read. */
export interface FileSync {
  /** Each entry once, parents before children, siblings in the order of their bytes. */
  entries(): AsyncIterable<FileEntry>;
  /** Content of a regular file that `entries` has told; several may be read at once, also while entries still come. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Everything wanted has been read. */
  close(): Promise<void>;
}

/** What fsutil calls a Stat. */
export interface FileEntry {
  /** Relative, `/` between names, none at either end. */
  path: string;
  /** Kind and permission bits as in `st_mode` of Linux. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  /** Nanoseconds since 1970. */
  mtimeNs: bigint;
  /** Target of a symbolic link, or path of the entry that this is a hard link to. */
  linkName: string;
  deviceMajor: number;
  deviceMinor: number;
  xattrs: Readonly<Record<string, Uint8Array>>;
}
