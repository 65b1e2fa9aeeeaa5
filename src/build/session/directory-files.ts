import { type BigIntStats, constants, createReadStream, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, FairTurn } from "../../base/index.ts";
import { createIgnoreMatcher, type IgnoreMatcher } from "../../formats/index.ts";
import { followLinks } from "./follow-links.ts";
import type { FileEntry, FileSync, FileSyncRequest } from "./types.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Files up to this size are read at once. */
const SMALL_BYTES = 256 * 1024;
const NO_XATTRS = {};
/** What has become a link or a pipe meanwhile is not followed, and not waited for. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A directory on this machine as a context of a build: what patterns leave in, owned by root as BuildKit's clients have it, so that the
 * same files give the same image whoever builds them.
 */
export class DirectoryFiles implements FileSync {
  readonly #root: string;
  readonly #filter: Filter;
  /** Size by path: what is read has been told. */
  readonly #sizes = new Map<string, number>();
  /** First path of each file with several names. */
  readonly #links = new Map<string, string>();

  constructor(root: string, request: Omit<FileSyncRequest, "name">) {
    this.#root = root;
    this.#filter = new Filter(root, request);
  }

  async *entries(): AsyncGenerator<FileEntry> {
    yield* this.#walk("", [], new FairTurn());
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const file = join(this.#root, path);
    const size = this.#sizes.get(path) ?? 0;
    const handle = await open(file, READ_FLAGS);
    if (size > SMALL_BYTES) {
      yield* createReadStream(file, { fd: handle, highWaterMark: CHUNK_BYTES });
      return;
    }
    try {
      yield await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  async close(): Promise<void> {}

  /** `above`: directories on the way that are told only once something in them is. */
  async *#walk(directory: string, above: FileEntry[], turn: FairTurn): AsyncGenerator<FileEntry> {
    for (const name of sortedNames(join(this.#root, directory))) {
      await turn.pause();
      const path = directory === "" ? name : `${directory}/${name}`;
      const isTaken = this.#filter.takes(path);
      if (!isTaken && !this.#filter.mayTakeBelow(path)) continue;
      const stats = lstatSync(join(this.#root, path), { bigint: true, throwIfNoEntry: false });
      if (!stats || (!isTaken && !stats.isDirectory())) continue;
      const entry = this.#entryOf(path, stats);
      if (!entry) continue;
      if (isTaken) yield* takeAll(above, entry);
      if (!stats.isDirectory()) continue;
      const waiting = isTaken ? [] : [...above, entry];
      yield* this.#walk(path, waiting, turn);
      if (!isTaken && waiting.length === 0) above.length = 0;
    }
  }

  #entryOf(path: string, stats: BigIntStats): FileEntry | undefined {
    const isFile = stats.isFile();
    const isLink = stats.isSymbolicLink();
    // Sockets cannot be had, and devices and pipes mean nothing in an image.
    if (!isFile && !isLink && !stats.isDirectory()) return undefined;
    if (isFile) this.#sizes.set(path, Number(stats.size));
    return {
      path,
      mode: Number(stats.mode),
      uid: 0,
      gid: 0,
      sizeBytes: isFile ? Number(stats.size) : 0,
      mtimeNs: stats.mtimeNs,
      linkName: isLink ? readlinkSync(join(this.#root, path)) : this.#firstName(path, stats),
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: NO_XATTRS,
    };
  }

  #firstName(path: string, stats: BigIntStats): string {
    if (!stats.isFile() || stats.nlink < 2n) return "";
    const key = `${stats.dev}:${stats.ino}`;
    const first = this.#links.get(key);
    if (first === undefined) this.#links.set(key, path);
    return first ?? "";
  }
}

function* takeAll(above: FileEntry[], entry: FileEntry): Generator<FileEntry> {
  yield* above;
  above.length = 0;
  yield entry;
}

/** By their bytes, as those who receive them want it. */
function sortedNames(directory: string): string[] {
  try {
    const names = readdirSync(directory);
    const isPlain = names.every((name) => /^[\x20-\x7e]*$/.test(name));
    return isPlain
      ? names.sort()
      : names.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  } catch (error) {
    // It is gone, as others may go meanwhile.
    if (errnoCode(error) === "ENOENT") return [];
    throw error;
  }
}

class Filter {
  readonly #included: IgnoreMatcher | undefined;
  readonly #excluded: IgnoreMatcher | undefined;
  /** Where no pattern has a wildcard: only directories above these names are gone into. */
  readonly #prefixes: readonly string[] | undefined;

  constructor(root: string, request: Omit<FileSyncRequest, "name">) {
    const followed = request.followPaths.length > 0 ? followLinks(root, request.followPaths) : undefined;
    const include = [...request.includePatterns, ...(followed ?? [])];
    if (include.length > 0) {
      this.#included = createIgnoreMatcher(include);
      if (include.every((pattern) => !/[*[\]?^\\!]/.test(pattern))) this.#prefixes = include;
    }
    if (request.excludePatterns.length > 0) this.#excluded = createIgnoreMatcher(request.excludePatterns);
  }

  takes(path: string): boolean {
    return (this.#included?.ignores(path) ?? true) && !(this.#excluded?.ignores(path) ?? false);
  }

  /** Whether something below a path that is not taken itself may be. */
  mayTakeBelow(path: string): boolean {
    if (this.#included && !this.#included.ignores(path)) {
      const isAbove = this.#prefixes?.some((prefix) => prefix.startsWith(`${path}/`)) ?? true;
      if (!isAbove) return false;
    }
    return !this.#excluded?.ignores(path) || this.#excluded.hasExceptions;
  }
}
