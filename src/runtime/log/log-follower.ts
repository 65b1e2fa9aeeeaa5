import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { errnoCode } from "../../base/index.ts";
import { type LogLine, LogLineParser } from "./cri-log-line.ts";

const CHUNK_BYTES = 64 * 1024;

export interface FollowOptions {
  /** Byte of the current file to start at. */
  offset: number;
  /** Whether nothing more will be written: asked after each time that the end was reached. */
  finished(): boolean;
  signal?: AbortSignal;
}

/**
 * Reads a log as it grows, through rotations: an open file is read to its end before the next is opened. `wake` makes it
 * look again (after `finished` has changed its answer). The directory must exist; the file need not yet.
 */
export class LogFollower {
  readonly #path: string;
  readonly #options: FollowOptions;
  #watcher: FSWatcher | undefined;
  #changed = false;
  #wakeUp: (() => void) | undefined;
  #file: FileHandle | undefined;
  #inode = -1;
  #position: number;

  constructor(path: string, options: FollowOptions) {
    this.#path = path;
    this.#options = options;
    this.#position = options.offset;
    const name = basename(path);
    this.#watcher = watch(dirname(path), (_event, file) => {
      if (file === null || file === name) this.wake();
    });
    // The directory is removed with its container.
    this.#watcher.on("error", () => this.wake());
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = () => this.wake();

  wake(): void {
    this.#changed = true;
    this.#wakeUp?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogLine[]> {
    const parser = new LogLineParser();
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    try {
      while (!this.#options.signal?.aborted) {
        // Asked before reading: what was written before the end is then surely read.
        const finished = this.#options.finished();
        this.#changed = false;
        const bytesRead = await this.#read(buffer);
        if (bytesRead > 0) {
          const lines = parser.push(Buffer.from(buffer.subarray(0, bytesRead)));
          if (lines.length > 0) yield lines;
          continue;
        }
        if (await this.#switchToNewFile()) continue;
        if (finished) return;
        await this.#nextChange();
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#watcher?.close();
    this.#watcher = undefined;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #read(buffer: Buffer): Promise<number> {
    if (!this.#file && !(await this.#open())) return 0;
    const { bytesRead } = await this.#file!.read(buffer, 0, buffer.length, this.#position);
    this.#position += bytesRead;
    return bytesRead;
  }

  async #open(): Promise<boolean> {
    try {
      this.#file = await open(this.#path, "r");
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return false;
      throw error;
    }
    const { ino, size } = await this.#file.stat();
    if (this.#inode !== -1 || size < this.#position) this.#position = 0;
    this.#inode = ino;
    return true;
  }

  async #switchToNewFile(): Promise<boolean> {
    if (!this.#file) return false;
    try {
      if ((await stat(this.#path)).ino === this.#inode) return false;
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return false;
      throw error;
    }
    // The writer had the old one open until it made the new one: what came last into it was read just now, or is now.
    const buffer = Buffer.alloc(1);
    if ((await this.#file.read(buffer, 0, 1, this.#position)).bytesRead > 0) return true;
    await this.#file.close();
    this.#file = undefined;
    return true;
  }

  async #nextChange(): Promise<void> {
    if (this.#changed) return;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
    this.#wakeUp = undefined;
  }
}
