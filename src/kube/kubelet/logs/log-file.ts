import { type FileHandle, open } from "node:fs/promises";
import { errnoCode } from "../../../base/index.ts";
import { type LogLine, parseLogLine } from "./log-line.ts";

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** A line without an end is not kept for ever: the writer splits lines far below this. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Reads a container's log from an offset on, and goes on where it stopped when more has been written. */
export class LogFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #inode = 0n;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** False when there is no such file (yet). */
  async open(startOffset: number): Promise<boolean> {
    try {
      this.#handle = await open(this.#path, "r");
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return false;
      throw error;
    }
    this.#inode = (await this.#handle.stat({ bigint: true })).ino;
    this.#offset = startOffset;
    return true;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** All whole lines up to the present end of the file. */
  async *lines(): AsyncIterable<LogLine> {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await this.#handle!.read(chunk, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      yield* this.#split(chunk.subarray(0, bytesRead));
    }
  }

  /** After a rotation the path names another file (or the same one, cut): true when there is a new beginning to read. */
  async reopenIfRotated(): Promise<boolean> {
    let fresh: FileHandle;
    try {
      fresh = await open(this.#path, "r");
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return false;
      throw error;
    }
    const info = await fresh.stat({ bigint: true });
    const isSame = info.ino === this.#inode && Number(info.size) >= this.#offset;
    if (isSame) {
      await fresh.close();
      return false;
    }
    await this.close();
    this.#handle = fresh;
    this.#inode = info.ino;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    return true;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  *#split(chunk: Buffer): Iterable<LogLine> {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      const line = parseLogLine(data.subarray(start, end));
      // The chunk's memory is used again: what is handed out must be its own.
      if (line) yield { ...line, content: Buffer.from(line.content) };
      start = end + 1;
    }
    const rest = data.length - start > MAX_LINE_BYTES ? data.subarray(data.length) : data.subarray(start);
    this.#rest = Buffer.from(rest);
  }
}

/** Offset at which the last `count` entries begin. */
export async function offsetOfTail(path: string, count: number): Promise<number> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    return count === 0 ? size : await findTail(handle, size, count);
  } finally {
    await handle.close();
  }
}

/** Walks back over the newlines: the one before the wanted entries ends the entry before them. */
async function findTail(handle: FileHandle, size: number, count: number): Promise<number> {
  let left = count + 1;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let end = size; end > 0; end = Math.max(0, end - CHUNK_BYTES)) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const { bytesRead } = await handle.read(chunk, 0, end - start, start);
    for (
      let at = chunk.lastIndexOf(NEWLINE, bytesRead - 1);
      at >= 0;
      at = at === 0 ? -1 : chunk.lastIndexOf(NEWLINE, at - 1)
    ) {
      if (--left === 0) return start + at + 1;
    }
  }
  return 0;
}
