import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { type LogLine, LogLineParser } from "./cri-log-line.ts";
import { closeAll, inodeOf, type OpenLogFile, openLogFiles } from "./log-files.ts";
import { tailOffset } from "./log-tail.ts";

const CHUNK_BYTES = 64 * 1024;
/** A reader that is slower than so many rotations misses what they have dropped. */
const MOST_HELD = 4;

export interface FollowOptions {
  /** Whether nothing more will be written: asked before each look at the file. */
  finished(): boolean | Promise<boolean>;
}

interface Reading extends OpenLogFile {
  position: number;
  parser: LogLineParser;
}

/**
 * Reads a log in CRI's format through its rotations: what stands in it (`written`), and then what is written to it
 * (`follow`). A file is read to its end before the next is begun, and the files that there were at the beginning are
 * read whatever becomes of their names.
 */
export class LogReader {
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  /** Those that come after the one that is read, oldest first. */
  #next: OpenLogFile[] = [];
  #current: Reading | undefined;
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** A rotation that comes to nothing brings it back: kept until something stands in the file after it. */
  #previous: Reading | undefined;
  #watcher: FSWatcher | undefined;
  #changed = false;
  #wakeUp: (() => void) | undefined;

  constructor(path: string, signal?: AbortSignal) {
    this.#path = path;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = () => this.wake();

  /** What stands in the log now: all of it, or the last `tail` lines. To be read once, and first. */
  async *written(options: { tail?: number } = {}): AsyncGenerator<LogLine[]> {
    this.#next = await openLogFiles(this.#path);
    await this.#skipToTail(options.tail);
    while (!this.#isAborted && (this.#current || (await this.#takeNext()))) {
      const lines = await this.#read();
      if (lines) {
        if (lines.length > 0) yield lines;
      } else if (!(await this.#takeNext())) return;
    }
  }

  /** What is written from where `written` stopped until `finished`. */
  async *follow(options: FollowOptions): AsyncGenerator<LogLine[]> {
    this.#watch();
    while (!this.#isAborted) {
      // Asked before reading: what was written before the end is then surely read.
      if (this.#changed) await this.#holdNext();
      this.#changed = false;
      const finished = await options.finished();
      const lines = await this.#read();
      if (lines) {
        if (lines.length > 0) yield lines;
        continue;
      }
      if ((await this.#takeNext()) || (await this.#findNext())) continue;
      if (finished) return;
      await this.#nextChange();
    }
  }

  /** Looks again: `finished` has changed its answer. */
  wake(): void {
    this.#changed = true;
    this.#wakeUp?.();
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#watcher?.close();
    this.#watcher = undefined;
    const open = [this.#previous, this.#current, ...this.#next].filter((file) => file !== undefined);
    this.#previous = undefined;
    this.#current = undefined;
    this.#next = [];
    await closeAll(open);
  }

  get #isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  async #skipToTail(tail: number | undefined): Promise<void> {
    if (tail === undefined) return;
    let wanted = tail;
    for (let at = this.#next.length - 1; at >= 0; at--) {
      const file = this.#next[at]!;
      const { offset, missing } = await tailOffset(file.handle, (await file.handle.stat()).size, wanted);
      wanted = missing;
      if (wanted > 0 && at > 0) continue;
      await closeAll(this.#next.splice(0, at));
      this.#next.shift();
      this.#current = beginning(file, offset);
      return;
    }
  }

  /** Lines, none where only a part of one has come, or undefined at the file's end. */
  async #read(): Promise<LogLine[] | undefined> {
    const { handle, position, parser } = this.#current ?? {};
    if (!handle || !parser) return undefined;
    const buffer = this.#buffer;
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0 || !this.#current) return undefined;
    this.#current.position += bytesRead;
    if (this.#previous) {
      await this.#previous.handle.close();
      this.#previous = undefined;
    }
    return parser.push(this.#taken(bytesRead));
  }

  /** Bytes that nothing is read over later. */
  #taken(bytesRead: number): Buffer {
    const bytes = this.#buffer.subarray(0, bytesRead);
    if (bytesRead < CHUNK_BYTES / 2) return Buffer.from(bytes);
    this.#buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    return bytes;
  }

  async #takeNext(): Promise<boolean> {
    const next = this.#next.shift();
    if (!next) return false;
    await this.#previous?.handle.close();
    this.#previous = this.#current;
    this.#current = beginning(next, 0);
    return true;
  }

  /** After a rotation: the files that came after the one that was read to its end. */
  async #findNext(): Promise<boolean> {
    const inode = await inodeOf(this.#path);
    if (inode === undefined || inode === this.#current?.inode) return false;
    const files = await openLogFiles(this.#path);
    const newest = files.at(-1);
    if (newest && newest.inode === this.#current?.inode) {
      await closeAll(files);
      return false;
    }
    if (newest && newest.inode === this.#previous?.inode) {
      // The rotation came to nothing, and what is open now was taken away.
      await closeAll(files);
      await this.#current?.handle.close();
      this.#current = this.#previous;
      this.#previous = undefined;
      return true;
    }
    // What came last into the old file, before the writer had the new one, is read first.
    return this.#addNext(files);
  }

  /** A rotation may soon drop files that a slow reader has not come to: they are opened before. */
  async #holdNext(): Promise<void> {
    if (!this.#current || this.#next.length >= MOST_HELD) return;
    const inode = await inodeOf(this.#path);
    if (inode === undefined || this.#isHeld(inode)) return;
    await this.#addNext(await openLogFiles(this.#path));
  }

  /** Keeps those that came after all that are held. */
  async #addNext(files: OpenLogFile[]): Promise<boolean> {
    const known = files.findLastIndex(({ inode }) => this.#isHeld(inode));
    await closeAll(files.splice(0, known + 1));
    this.#next.push(...files);
    return files.length > 0;
  }

  #isHeld(inode: number): boolean {
    return [this.#previous, this.#current, ...this.#next].some((file) => file?.inode === inode);
  }

  #watch(): void {
    const name = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, file) => {
        if (file === null || file === name) this.wake();
      });
    } catch {
      // There is no such directory yet: whoever follows looks now and then.
      return;
    }
    // The directory is removed with its container.
    this.#watcher.on("error", () => this.wake());
  }

  async #nextChange(): Promise<void> {
    if (this.#changed) return;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
    this.#wakeUp = undefined;
  }
}

function beginning(file: OpenLogFile, position: number): Reading {
  return { ...file, position, parser: new LogLineParser() };
}
