import {
  chmodSync,
  createWriteStream,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { newHexId } from "../../base/index.ts";
import type { FileEntry } from "../../build/index.ts";
import {
  bidirectional,
  GrpcCode,
  GrpcError,
  type GrpcHandler,
  RemoteFileSync,
  type ServerCall,
  sessionMessages,
} from "../../buildkit-api/index.ts";
import { answerAsCall } from "./build-directories.ts";

/** Where the result of an exporter goes on this side. */
export type BuildOutput =
  | { kind: "directory"; path: string }
  | { kind: "stream"; open(): NodeJS.WritableStream };

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const S_IFREG = 0o100000;

/** Takes results: one stream of bytes, or a tree, by what the exporter's output is. */
export function receiveOutputHandler(outputs: ReadonlyMap<number, BuildOutput>): GrpcHandler {
  return {
    path: sessionMessages.SEND_FILE.path,
    async serve(stream, call) {
      const output = outputs.get(exporterOf(call));
      if (!output) throw new GrpcError(GrpcCode.NOT_FOUND, "no output is wanted from this exporter");
      await (output.kind === "stream" ? streamHandler(output) : treeHandler(output.path)).serve(stream, call);
    },
  };
}

/** Clients before several exporters had one, and no number for it. */
function exporterOf({ metadata }: ServerCall): number {
  return Number(metadata["buildkit-attachable-exporter-id"]?.[0] ?? 0);
}

function streamHandler(output: Extract<BuildOutput, { kind: "stream" }>): GrpcHandler {
  return bidirectional(sessionMessages.SEND_FILE, async (requests) => {
    await pipeline(Readable.from(bytesOf(requests)), output.open(), { end: true });
  });
}

async function* bytesOf(messages: AsyncIterable<{ data: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { data } of messages) if (data.length > 0) yield data;
}

function treeHandler(directory: string): GrpcHandler {
  return bidirectional(sessionMessages.SEND_TREE, async (requests, send) => {
    const sync = new RemoteFileSync(answerAsCall(requests, send));
    mkdirSync(directory, { recursive: true });
    const directories: FileEntry[] = [];
    for await (const entry of sync.entries()) {
      if ((entry.mode & S_IFMT) === S_IFDIR) directories.push(entry);
      await writeEntry(directory, entry, sync);
    }
    // Writing into them changed their times, and a directory that may not be written to could not be filled.
    for (const entry of directories.reverse()) finish(join(directory, entry.path), entry);
    await sync.close();
  });
}

/** Everything belongs to whoever runs the build (filesync, syncTargetDiffCopy). */
async function writeEntry(root: string, entry: FileEntry, sync: RemoteFileSync): Promise<void> {
  const path = join(root, entry.path);
  const kind = entry.mode & S_IFMT;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (kind === S_IFDIR) {
    if (found && !found.isDirectory()) rmSync(path);
    if (!found?.isDirectory()) mkdirSync(path);
    chmodSync(path, 0o700);
    return;
  }
  if (kind !== S_IFREG && kind !== S_IFLNK) return;
  const temporary = `${path}.${newHexId().slice(0, 12)}`;
  if (kind === S_IFLNK) symlinkSync(entry.linkName, temporary);
  else if (entry.linkName !== "") linkSync(join(root, entry.linkName), temporary);
  else await pipeline(Readable.from(sync.read(entry.path)), createWriteStream(temporary, { flags: "wx" }));
  if (entry.linkName === "") finish(temporary, entry);
  if (found?.isDirectory()) rmSync(path, { recursive: true });
  await rename(temporary, path);
}

function finish(path: string, { mode, mtimeNs }: FileEntry): void {
  chmodSync(path, mode & 0o7777);
  const seconds = Number(mtimeNs) / 1e9;
  lutimesSync(path, seconds, seconds);
}
