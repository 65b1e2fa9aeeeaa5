import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  openSync,
  readFileSync,
  write,
  writeSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Up to here a file is handled synchronously: quicker than a round through the thread pool. */
const SMALL_BYTES = 256 * 1024;

const writeAsync = promisify(write);

/** Writes a new file at `at`, which must not exist. */
export async function writeContent(
  at: string,
  content: AsyncIterable<Buffer>,
  onChunk: (chunk: Buffer) => void = () => {},
): Promise<void> {
  const fd = openSync(at, "wx", 0o600);
  try {
    let written = 0;
    for await (const chunk of content) {
      onChunk(chunk);
      let offset = 0;
      while (offset < chunk.length) {
        const rest = chunk.subarray(offset);
        offset += written < SMALL_BYTES ? writeSync(fd, rest) : (await writeAsync(fd, rest)).bytesWritten;
      }
      written += chunk.length;
    }
  } finally {
    closeSync(fd);
  }
}

/** Copies content to a new file, sharing the blocks where the file system can. */
export async function copyContent(source: string, at: string, sizeBytes: number): Promise<void> {
  const mode = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
  if (sizeBytes <= SMALL_BYTES) copyFileSync(source, at, mode);
  else await copyFile(source, at, mode);
}

/** SHA-256 of a file's content, in hex. */
export async function contentDigest(path: string, sizeBytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (sizeBytes <= SMALL_BYTES) hash.update(readFileSync(path));
  else
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
  return hash.digest("hex");
}
