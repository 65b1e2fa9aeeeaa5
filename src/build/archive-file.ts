import { closeSync, createReadStream, openSync, readSync, type Stats } from "node:fs";
import { notImplemented } from "../base/index.ts";
import { COMPRESSION_MAGIC_BYTES, decompress, detectCompression, readTar } from "../formats/index.ts";
import type { TreeWriter } from "./tree-writer.ts";
import { type UnpackOptions, unpackTar } from "./unpack-tar.ts";

/** A file that ADD may unpack: a path to open it by, and what it is called. */
export interface ArchiveFile {
  at: string;
  path: string;
  stat: Stats;
}

/**
 * Whether a file is a tar archive, compressed or not, with at least one member. NotImplemented (`Build.Compression`) for what is
 * compressed in a way that is not read here: it must not be copied as if it were no archive.
 */
export async function isArchive(file: ArchiveFile): Promise<boolean> {
  if (!file.stat.isFile() || file.stat.size === 0) return false;
  const compression = detectCompression(headOf(file.at));
  if (compression === "xz" || compression === "bzip2") {
    throw notImplemented(`ADD cannot unpack archives compressed with ${compression}: ${file.path}`, {
      code: "Build.Compression",
      hint: "use gzip or zstd, or COPY the archive and unpack it in a RUN step",
    });
  }
  const stream = createReadStream(file.at);
  try {
    for await (const _member of readTar(decompress(stream))) return true;
    return false;
  } catch {
    return false;
  } finally {
    stream.destroy();
  }
}

function headOf(at: string): Buffer {
  const fd = openSync(at, "r");
  try {
    const head = Buffer.alloc(COMPRESSION_MAGIC_BYTES);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

/** Unpacks it into a directory below the writer's root, which is made where it is missing. */
export async function unpackArchive(
  { at }: Pick<ArchiveFile, "at">,
  writer: TreeWriter,
  directory: string,
  options: Omit<UnpackOptions, "prefix">,
): Promise<void> {
  writer.directory(directory === "" ? "." : directory);
  await unpackTar(decompress(createReadStream(at)), writer, { ...options, prefix: directory });
}
