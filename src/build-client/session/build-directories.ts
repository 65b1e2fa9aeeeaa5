import { statSync } from "node:fs";
import { DirectoryFiles } from "../../build/index.ts";
import {
  type AnyMessage,
  bidirectional,
  type ClientCall,
  GrpcCode,
  GrpcError,
  type GrpcHandler,
  sendTreeOver,
  sessionMessages,
  unary,
} from "../../buildkit-api/index.ts";
import type { protobuf } from "../../formats/index.ts";

/** A directory that a build may read. */
export interface BuildDirectory {
  /** Absolute. */
  path: string;
}

/** Contexts of a build by name, for an engine that reads them over the session. */
export function fileSyncHandler(directories: ReadonlyMap<string, BuildDirectory>): GrpcHandler {
  return bidirectional(sessionMessages.FILE_SYNC, async (requests, send, { metadata }) => {
    const list = (key: string) => decoded(metadata[key] ?? [], metadata[`${key}-encoded`]);
    const [name = ""] = list("dir-name");
    const directory = directories.get(name);
    if (!directory) throw noDirectory(name);
    const files = new DirectoryFiles(directory.path, {
      includePatterns: list("include-patterns"),
      excludePatterns: list("exclude-patterns"),
      followPaths: list("followpaths"),
    });
    await sendTreeOver(answerAsCall(requests, send), files.entries(), (path) => files.read(path));
  });
}

/** The same for an engine on this machine, which reads them by itself. */
export function locateHandler(directories: ReadonlyMap<string, BuildDirectory>): GrpcHandler {
  return unary(sessionMessages.LOCATE_DIRECTORY, async ({ name }) => {
    const directory = directories.get(name);
    if (!directory) throw noDirectory(name);
    const { dev, ino } = statSync(directory.path, { bigint: true });
    return { path: directory.path, device: dev, inode: ino };
  });
}

/** The answering end of a call, for what is written for the asking one: fsutil's protocol has the same packets both ways. */
export function answerAsCall<M extends AnyMessage>(
  requests: AsyncGenerator<protobuf.Message<M>>,
  send: (message: protobuf.Outgoing<M>) => Promise<void>,
): ClientCall<M, M> {
  return { send, messages: () => requests, end: () => {}, cancel: () => {} };
}

function noDirectory(name: string): GrpcError {
  return new GrpcError(GrpcCode.NOT_FOUND, `no access allowed to dir ${JSON.stringify(name)}`);
}

/** Values with other characters than ASCII's come percent-encoded, and are said to (filesync, encodeOpts). */
function decoded(values: readonly string[], encoded: readonly string[] | undefined): string[] {
  return encoded?.[0] === "1" ? values.map((value) => decodeURIComponent(value)) : [...values];
}
