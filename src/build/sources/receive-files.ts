import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { FairTurn, invalidArgument, readAll } from "../../base/index.ts";
import { writeContent } from "../file-content.ts";
import type { FileEntry, FileSync } from "../session/types.ts";
import { TreeWriter } from "../tree-writer.ts";
import type { LocalDirectory } from "./local-directory.ts";
import type { LocalEntry } from "./local-tree.ts";
import { removeTreeAt } from "./remove-entry.ts";

/** Files that are read from the client at once. */
const PARALLEL_READS = 16;
const MAX_ENTRIES = 4_000_000;
/** Files up to this size are read into memory. */
const SMALL_BYTES = 256 * 1024;
/** By how much a file may have grown since its size was told. */
const MAX_GROWTH = 64;

export interface ReceiveOptions {
  signal: AbortSignal;
  /** False: what looks the same is read again too. */
  comparesMetadata: boolean;
  /** Told of all bytes so far. */
  onBytes: (bytes: number) => void;
}

export interface Received {
  /** Whether anything differs from what was there. */
  isChanged: boolean;
  bytes: number;
}

/**
 * Makes a directory hold what a client's directory holds. Only what changed (by kind, mode, owner, size and time) is read, as with
 * rsync. Fails with InvalidArgument when the client names what cannot be: its word is not trusted.
 */
export async function receiveFiles(
  directory: LocalDirectory,
  sync: FileSync,
  options: ReceiveOptions,
): Promise<Received> {
  const receiver = new Receiver(directory, sync, options);
  try {
    return await receiver.run();
  } finally {
    receiver.close();
  }
}

class Receiver {
  readonly #directory: LocalDirectory;
  readonly #sync: FileSync;
  readonly #options: ReceiveOptions;
  readonly #writer: TreeWriter;
  readonly #seen = new Set<string>();
  readonly #reading = new Set<Promise<void>>();
  readonly #changedDirectories = new Set<string>();
  #failure: { error: unknown } | undefined;
  #bytes = 0;
  #hasBegun = false;

  constructor(directory: LocalDirectory, sync: FileSync, options: ReceiveOptions) {
    this.#directory = directory;
    this.#sync = sync;
    this.#options = options;
    this.#writer = new TreeWriter(directory.rootFd);
  }

  close(): void {
    this.#writer.close();
  }

  async run(): Promise<Received> {
    const turn = new FairTurn();
    for await (const entry of this.#sync.entries()) {
      this.#options.signal.throwIfAborted();
      if (this.#failure) break;
      await turn.pause();
      await this.#take(entry);
    }
    await Promise.all(this.#reading);
    if (this.#failure) throw this.#failure.error;
    await this.#removeUnseen();
    this.#restoreDirectories();
    await this.#sync.close();
    if (this.#hasBegun) await this.#directory.endChange();
    return { isChanged: this.#hasBegun, bytes: this.#bytes };
  }

  async #take(entry: FileEntry): Promise<void> {
    this.#assertSound(entry);
    this.#seen.add(entry.path);
    const known = this.#directory.entries.get(entry.path);
    if (known && this.#options.comparesMetadata && isSame(known, entry)) return;
    await this.#begin();
    this.#noteParent(entry.path);
    this.#directory.entries.delete(entry.path);
    const type = entry.mode & constants.S_IFMT;
    if (type === constants.S_IFREG && entry.linkName === "") {
      while (this.#reading.size >= PARALLEL_READS) await Promise.race(this.#reading);
      this.#startReading(entry);
      return;
    }
    if (known && (known.mode & constants.S_IFMT) === constants.S_IFDIR && type !== constants.S_IFDIR)
      this.#forgetBelow(entry.path);
    this.#make(entry, type);
  }

  /** Paths come in order, each below a directory that came before. */
  #assertSound({ path }: FileEntry): void {
    const names = path.split("/");
    const isBroken = names.some(
      (name) => name === "" || name === "." || name === ".." || name.includes("\0"),
    );
    const parent = names.slice(0, -1).join("/");
    const above = parent === "" ? undefined : this.#directory.entries.get(parent);
    const isOrphan = parent !== "" && (!above || !this.#seen.has(parent) || !isDirectory(above));
    if (isBroken || isOrphan || this.#seen.has(path) || this.#seen.size >= MAX_ENTRIES)
      throw invalidArgument(`the client sent an invalid path: ${JSON.stringify(path)}`, {
        code: "Build.Context",
      });
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    await this.#directory.beginChange();
  }

  #noteParent(path: string): void {
    const slash = path.lastIndexOf("/");
    if (slash > 0) this.#changedDirectories.add(path.slice(0, slash));
  }

  #startReading(entry: FileEntry): void {
    const reading = this.#read(entry)
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  /** A file's blocks are new: what was made of the old ones by links stays as it is. */
  async #read(entry: FileEntry): Promise<void> {
    if (entry.sizeBytes <= SMALL_BYTES) return this.#readSmall(entry);
    const hash = createHash("sha256");
    const own = new TreeWriter(this.#directory.rootFd);
    try {
      await own.file(entry.path, attributesOf(entry), (at) =>
        writeContent(at, buffersOf(this.#sync.read(entry.path)), (chunk) => {
          hash.update(chunk);
          this.#bytes += chunk.length;
          this.#options.onBytes(this.#bytes);
          this.#options.signal.throwIfAborted();
        }),
      );
    } finally {
      own.close();
    }
    this.#directory.entries.set(entry.path, { ...entry, contentDigest: hash.digest("hex") });
  }

  /** Thousands of these are faster written whole than piece by piece. */
  async #readSmall(entry: FileEntry): Promise<void> {
    // The client may say less than it sends.
    const content = await readAll(this.#sync.read(entry.path), MAX_GROWTH * SMALL_BYTES);
    this.#bytes += content.length;
    this.#options.onBytes(this.#bytes);
    this.#options.signal.throwIfAborted();
    this.#writer.wholeFile(entry.path, attributesOf(entry), content);
    const contentDigest = createHash("sha256").update(content).digest("hex");
    this.#directory.entries.set(entry.path, { ...entry, contentDigest });
  }

  #make(entry: FileEntry, type: number): void {
    const { path } = entry;
    const attributes = attributesOf(entry);
    let contentDigest: string | undefined;
    if (type === constants.S_IFDIR) {
      this.#writer.directoryEntry(path, attributes);
      this.#changedDirectories.add(path);
    } else if (type === constants.S_IFLNK) this.#writer.symlink(path, entry.linkName, attributes);
    else if (type === constants.S_IFREG) {
      const target = this.#directory.entries.get(entry.linkName);
      if (!target || !this.#seen.has(entry.linkName))
        throw invalidArgument(`the client sent an invalid link: ${JSON.stringify(path)}`, {
          code: "Build.Context",
        });
      this.#writer.hardlink(path, entry.linkName);
      contentDigest = target.contentDigest;
    } else {
      // Devices and pipes of the client's machine mean nothing here.
      removeTreeAt(this.#directory.rootFd, path);
      this.#seen.delete(path);
      return;
    }
    this.#directory.entries.set(path, { ...entry, ...(contentDigest ? { contentDigest } : {}) });
  }

  #forgetBelow(path: string): void {
    for (const other of this.#directory.entries.keys())
      if (other.startsWith(`${path}/`)) this.#directory.entries.delete(other);
  }

  async #removeUnseen(): Promise<void> {
    const turn = new FairTurn();
    const gone = [...this.#directory.entries.keys()].filter((path) => !this.#seen.has(path));
    for (const path of gone) {
      await this.#begin();
      await turn.pause();
      this.#noteParent(path);
      removeTreeAt(this.#directory.rootFd, path);
      this.#directory.entries.delete(path);
    }
  }

  /** Writing into a directory changed its time. */
  #restoreDirectories(): void {
    for (const path of [...this.#changedDirectories].sort().reverse()) {
      const entry = this.#directory.entries.get(path);
      if (entry && isDirectory(entry)) this.#writer.directoryEntry(path, attributesOf(entry));
    }
  }
}

function isDirectory({ mode }: FileEntry): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFDIR;
}

/** A directory's own time says nothing that its entries do not. */
function isSame(known: LocalEntry, entry: FileEntry): boolean {
  const isSameTime = known.mtimeNs === entry.mtimeNs || isDirectory(entry);
  return (
    isSameTime &&
    known.mode === entry.mode &&
    known.uid === entry.uid &&
    known.gid === entry.gid &&
    known.sizeBytes === entry.sizeBytes &&
    known.linkName === entry.linkName
  );
}

function attributesOf({ uid, gid, mode, mtimeNs }: FileEntry) {
  return { uid, gid, mode: mode & 0o7777, mtimeMs: Number(mtimeNs) / 1e6 };
}

async function* buffersOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
