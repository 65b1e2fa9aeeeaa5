import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Clock, GantryError } from "../../../base/index.ts";

export interface RotatingFileOptions {
  path: string;
  /** Days that old files are kept; 0: for good. */
  maxAgeDays: number;
  /** Old files that are kept; 0: all. */
  maxBackups: number;
  /** Of one file; 0: upstream's 100 MiB. */
  maxSizeMib: number;
  /** Old files are compressed with gzip. */
  compresses: boolean;
  clock: Clock;
}

const MIB = 2 ** 20;
const DEFAULT_MIB = 100;
const DAY_MS = 24 * 3600 * 1000;
const MODE = 0o600;

/**
 * A file that lines are added to. One that is full goes on as `name-2025-01-31T12-00-00.000.ext` beside the new one, as
 * upstream's log files do. Calls come one after the other.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #maxBytes: number;
  #handle: FileHandle | undefined;
  #sizeBytes = 0;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#maxBytes = (options.maxSizeMib || DEFAULT_MIB) * MIB;
  }

  /** Opens the file, so that whoever names one that cannot be written hears of it at once. */
  async open(): Promise<void> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    this.#handle = await open(path, "a", MODE);
    this.#sizeBytes = (await this.#handle.stat()).size;
  }

  /** Each with its line end. Throws where they could not all be written. */
  async append(lines: readonly string[]): Promise<void> {
    if (!this.#handle) await this.open();
    let chunk: string[] = [];
    let bytes = 0;
    for (const line of lines) {
      const lineBytes = Buffer.byteLength(line);
      if (lineBytes > this.#maxBytes)
        throw new GantryError(
          "InvalidArgument",
          `write length ${lineBytes} exceeds maximum file size ${this.#maxBytes}`,
        );
      if (this.#sizeBytes + bytes + lineBytes > this.#maxBytes) {
        await this.#write(chunk);
        await this.#rotate();
        chunk = [];
        bytes = 0;
      }
      chunk.push(line);
      bytes += lineBytes;
    }
    await this.#write(chunk);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.join(""));
    await this.#handle!.appendFile(bytes);
    this.#sizeBytes += bytes.length;
  }

  async #rotate(): Promise<void> {
    const { path, clock } = this.#options;
    await this.close();
    await rename(path, join(dirname(path), `${this.#prefix}${stampOf(clock.nowMs())}${extname(path)}`));
    await this.open();
    await this.#tidy();
  }

  get #prefix(): string {
    const { path } = this.#options;
    return `${basename(path, extname(path))}-`;
  }

  async #tidy(): Promise<void> {
    const { path, maxBackups, maxAgeDays, compresses, clock } = this.#options;
    const oldestMs = maxAgeDays > 0 ? clock.nowMs() - maxAgeDays * DAY_MS : 0;
    for (const [index, { name, atMs }] of (await this.#backups()).entries()) {
      const file = join(dirname(path), name);
      if ((maxBackups > 0 && index >= maxBackups) || atMs < oldestMs) await unlink(file);
      else if (compresses && !name.endsWith(".gz")) await compress(file);
    }
  }

  /** The newest first. */
  async #backups(): Promise<{ name: string; atMs: number }[]> {
    const { path } = this.#options;
    const found = (await readdir(dirname(path))).map((name) => ({ name, atMs: this.#stampIn(name) }));
    return found.filter(({ atMs }) => !Number.isNaN(atMs)).sort((one, other) => other.atMs - one.atMs);
  }

  #stampIn(name: string): number {
    const end = extname(this.#options.path);
    const bare = name.endsWith(`${end}.gz`) ? name.slice(0, -3) : name;
    if (!bare.startsWith(this.#prefix) || !bare.endsWith(end)) return Number.NaN;
    const stamp = STAMP.exec(bare.slice(this.#prefix.length, bare.length - end.length));
    return stamp ? Date.parse(`${stamp[1]}T${stamp[2]}:${stamp[3]}:${stamp[4]}Z`) : Number.NaN;
  }
}

const STAMP = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

const stampOf = (ms: number) => new Date(ms).toISOString().slice(0, -1).replaceAll(":", "-");

async function compress(file: string): Promise<void> {
  await pipeline(createReadStream(file), createGzip(), createWriteStream(`${file}.gz`, { mode: MODE }));
  await unlink(file);
}
