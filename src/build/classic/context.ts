import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  errnoCode,
  errorMessage,
  FairTurn,
  GantryError,
  invalidArgument,
  newHexId,
} from "../../base/index.ts";
import { createIgnoreMatcher, decompress, parseDockerignore } from "../../formats/index.ts";
import { fdPath, hasErrno, O_PATH, openAtRoot, reopenFile } from "../../kernel/index.ts";
import { contentDigest } from "../file-content.ts";
import type { LocalEntry, LocalTree } from "../sources/local-tree.ts";
import { TreeWriter } from "../tree-writer.ts";
import { unpackTar } from "../unpack-tar.ts";
import { walkTree } from "../walk-tree.ts";

export interface ContextLimits {
  limitBytes: number;
  limitEntries: number;
}

const MAX_TEXT_FILE_BYTES = 4 * 1024 * 1024;

/** The files of one build, in a directory of their own that only this program may enter. */
export class BuildContext {
  readonly #dir: string;
  readonly #rootFd: number;
  readonly #digests = new Map<string, string>();
  #tree: Promise<LocalTree> | undefined;

  private constructor(dir: string, rootFd: number) {
    this.#dir = dir;
    this.#rootFd = rootFd;
  }

  /** Unpacks a tar stream (gzip and zstd too) below `parentDir`. */
  static async receive(
    parentDir: string,
    archive: AsyncIterable<Uint8Array>,
    limits: ContextLimits,
    signal: AbortSignal,
  ): Promise<BuildContext> {
    const context = await BuildContext.#create(parentDir);
    const writer = new TreeWriter(context.#rootFd);
    try {
      await unpackTar(
        decompress(archive, { maxBytes: limits.limitBytes + limits.limitEntries * 4096 }),
        writer,
        {
          ...limits,
          owner: { uid: 0, gid: 0 },
          signal,
          onFile: (path, digest) => context.#digests.set(path, digest),
        },
      );
      return context;
    } catch (error) {
      await context.dispose();
      throw contextError(error);
    } finally {
      writer.close();
    }
  }

  /** A context that holds nothing but a Dockerfile. */
  static async ofDockerfile(parentDir: string, text: string, name: string): Promise<BuildContext> {
    const context = await BuildContext.#create(parentDir);
    const writer = new TreeWriter(context.#rootFd);
    try {
      const attributes = { uid: 0, gid: 0, mode: 0o600, mtimeMs: 0 };
      await writer.file(name, attributes, (at) => writeFileSync(at, text, { flag: "wx" }));
      return context;
    } finally {
      writer.close();
    }
  }

  static async #create(parentDir: string): Promise<BuildContext> {
    await mkdir(parentDir, { recursive: true, mode: 0o700 });
    const dir = await mkdtemp(join(parentDir, "context-"));
    return new BuildContext(dir, openSync(dir, O_PATH | constants.O_DIRECTORY));
  }

  /** Text of a file of the context, undefined if there is none. */
  readText(path: string): string | undefined {
    const fd = this.#openFile(path);
    if (fd === undefined) return undefined;
    try {
      if (fstatSync(fd).size > MAX_TEXT_FILE_BYTES)
        throw invalidArgument(`${path} is larger than ${MAX_TEXT_FILE_BYTES} bytes`);
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  }

  #openFile(path: string): number | undefined {
    try {
      return reopenFile(openAtRoot(this.#rootFd, path, O_PATH));
    } catch (error) {
      if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
      throw error;
    }
  }

  /**
   * Removes what `.dockerignore` leaves out, so that no later step has to know of it. Clients that send local directories
   * have done so already, except for the Dockerfile and the `.dockerignore` itself, which they always send.
   */
  async applyDockerignore(): Promise<void> {
    const text = this.readText(".dockerignore");
    if (text === undefined) return;
    const patterns = parseDockerignore(text);
    if (patterns.length === 0) return;
    const matcher = createIgnoreMatcher(patterns);
    const turn = new FairTurn();
    const doomed: { at: string; isDirectory: boolean }[] = [];
    for (const { path, at, stat } of walkTree(fdPath(this.#rootFd))) {
      await turn.pause();
      if (matcher.ignores(path)) doomed.push({ at, isDirectory: stat.isDirectory() });
    }
    // Children come after their parents: backwards, a directory is empty by its turn unless something in it is kept.
    for (const { at, isDirectory } of doomed.reverse()) {
      await turn.pause();
      removeEntry(at, isDirectory);
    }
  }

  /** What is there, for the solver; nothing may change from here on. It goes with the context. */
  tree(): Promise<LocalTree> {
    this.#tree ??= this.#readTree();
    return this.#tree;
  }

  async #readTree(): Promise<LocalTree> {
    const entries = new Map<string, LocalEntry>();
    const hardLinked = new Set<string>();
    const turn = new FairTurn();
    for (const { path, at, stat } of walkTree(fdPath(this.#rootFd))) {
      await turn.pause();
      entries.set(path, await this.#entryOf(path, at, stat));
      if (stat.isFile() && stat.nlink > 1) hardLinked.add(`${stat.dev}:${stat.ino}`);
    }
    const dir = readlinkSync(fdPath(this.#rootFd));
    return { identity: newHexId(), dir, rootFd: this.#rootFd, entries, hardLinked, hold: () => () => {} };
  }

  async #entryOf(path: string, at: string, stat: Stats): Promise<LocalEntry> {
    const digest = stat.isFile()
      ? (this.#digests.get(path) ?? (await contentDigest(at, stat.size)))
      : undefined;
    return {
      path,
      mode: stat.mode,
      uid: stat.uid,
      gid: stat.gid,
      sizeBytes: stat.isFile() ? stat.size : 0,
      mtimeNs: BigInt(Math.round(stat.mtimeMs * 1e6)),
      linkName: stat.isSymbolicLink() ? readlinkSync(at) : "",
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: {},
      ...(digest === undefined ? {} : { contentDigest: digest }),
    };
  }

  async dispose(): Promise<void> {
    closeSync(this.#rootFd);
    await rm(this.#dir, { recursive: true, force: true });
  }
}

function contextError(error: unknown): unknown {
  if (!(error instanceof GantryError) || error.kind !== "InvalidArgument") return error;
  return new GantryError(
    "InvalidArgument",
    `Error processing tar file(the build context): ${errorMessage(error)}`,
    {
      code: "Build.Context",
      cause: error,
    },
  );
}

function removeEntry(at: string, isDirectory: boolean): void {
  if (!isDirectory) {
    unlinkSync(at);
    return;
  }
  try {
    rmdirSync(at);
  } catch (error) {
    if (errnoCode(error) !== "ENOTEMPTY") throw error;
  }
}
