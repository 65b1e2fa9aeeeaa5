import type { FileEntry } from "../../build/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { GrpcCode, GrpcError } from "../grpc/index.ts";
import type { Stat } from "../messages/session-messages.ts";
import { goModeOf, isDirectory, isRegular, linuxModeOf } from "./file-mode.ts";

export type WireStat = protobuf.Message<typeof Stat>;

export function entryOf(stat: WireStat): FileEntry {
  return {
    path: stat.path,
    mode: linuxModeOf(stat.mode),
    uid: stat.uid,
    gid: stat.gid,
    sizeBytes: stat.size,
    mtimeNs: stat.modTime,
    linkName: stat.linkname,
    deviceMajor: stat.devmajor,
    deviceMinor: stat.devminor,
    xattrs: stat.xattrs,
  };
}

export function statOf(entry: FileEntry): protobuf.Outgoing<typeof Stat> {
  return {
    path: entry.path,
    mode: goModeOf(entry.mode),
    uid: entry.uid,
    gid: entry.gid,
    size: entry.sizeBytes,
    modTime: entry.mtimeNs,
    linkname: entry.linkName,
    devmajor: entry.deviceMajor,
    devminor: entry.deviceMinor,
    xattrs: { ...entry.xattrs },
  };
}

/**
 * Refuses entries that do not follow each other as a walk of a tree does (fsutil, Validator and Hardlinks): whoever writes them may then
 * rely on parents being there, on each path coming once, and on hard links leading to files.
 */
export class EntryOrder {
  /** Names of the directories on the way to the last entry, with the last child seen in each. */
  readonly #open: { path: string; last: Buffer | undefined }[] = [{ path: "", last: undefined }];
  readonly #files = new Set<string>();

  check(entry: FileEntry): void {
    const { path } = entry;
    const names = path.split("/");
    if (path.includes("\0") || names.some((name) => name === "" || name === "." || name === ".."))
      throw bad(`invalid path: ${JSON.stringify(path)}`);
    const parent = names.slice(0, -1).join("/");
    while (this.#open.at(-1)!.path !== parent && this.#open.length > 1) this.#open.pop();
    const directory = this.#open.at(-1)!;
    if (directory.path !== parent) throw bad(`changes out of order: no directory ${JSON.stringify(parent)}`);
    const name = Buffer.from(names.at(-1)!);
    if (directory.last && Buffer.compare(directory.last, name) >= 0)
      throw bad(`changes out of order: ${JSON.stringify(path)}`);
    directory.last = name;
    if (isDirectory(entry.mode)) this.#open.push({ path, last: undefined });
    if (!isRegular(entry.mode)) return;
    if (entry.linkName === "") this.#files.add(path);
    else if (!this.#files.has(entry.linkName))
      throw bad(`invalid unknown hardlink ${JSON.stringify(path)} to ${JSON.stringify(entry.linkName)}`);
  }
}

function bad(message: string): GrpcError {
  return new GrpcError(GrpcCode.INVALID_ARGUMENT, message);
}
