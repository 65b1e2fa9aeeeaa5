import { type FileHandle, open } from "node:fs/promises";
import { errnoCode } from "../../base/index.ts";
import { type LogLine, LogLineParser } from "./cri-log-line.ts";
import { logFiles } from "./log-rotation.ts";
import { tailOffset } from "./log-tail.ts";

const CHUNK_BYTES = 64 * 1024;

export interface LogStart {
  file: string;
  offset: number;
}

/**
 * Reads what stands in a log and its rotated files now: all of it, or the last `tail` lines. The generator's value is the
 * place in the current file where it stopped, from which a follower goes on.
 */
export async function* readLog(
  path: string,
  options: { tail?: number; signal?: AbortSignal } = {},
): AsyncGenerator<LogLine[], number> {
  let end = 0;
  for (const start of await findStart(path, options.tail)) {
    const file = await openIfThere(start.file);
    if (!file) continue;
    try {
      end = yield* readFrom(file, start.offset, options.signal);
    } finally {
      await file.close();
    }
  }
  return end;
}

async function findStart(path: string, tail: number | undefined): Promise<LogStart[]> {
  const files = await logFiles(path);
  if (tail === undefined) return files.map((file) => ({ file, offset: 0 }));
  const starts: LogStart[] = [];
  let wanted = tail;
  for (const file of files.reverse()) {
    const handle = await openIfThere(file);
    if (!handle) continue;
    try {
      const { offset, missing } = await tailOffset(handle, (await handle.stat()).size, wanted);
      starts.unshift({ file, offset });
      wanted = missing;
    } finally {
      await handle.close();
    }
    if (wanted === 0) break;
  }
  return starts;
}

async function* readFrom(
  file: FileHandle,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine[], number> {
  const parser = new LogLineParser();
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = offset;
  while (!signal?.aborted) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const lines = parser.push(Buffer.from(buffer.subarray(0, bytesRead)));
    if (lines.length > 0) yield lines;
  }
  // Half a line stays for the follower, which then sees the whole.
  return position - parser.pendingBytes;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
