import { createHash } from "node:crypto";
import { FairTurn, GantryError, notImplemented } from "../base/index.ts";
import { cleanTarPath, readTar, type TarEntry, type TarMember } from "../formats/index.ts";
import { writeContent } from "./file-content.ts";
import type { TreeWriter } from "./tree-writer.ts";

export interface UnpackOptions {
  /** Directory below the writer's root to unpack into. */
  prefix?: string;
  /** Who owns everything; absent: as the archive says. */
  owner?: { uid: number; gid: number };
  limitBytes: number;
  limitEntries: number;
  signal: AbortSignal;
  /** Told of each file with the SHA-256 of its content. */
  onFile?: (path: string, digest: string) => void;
}

/** Unpacks a plain tar archive below a writer's root. Names cannot leave it; devices and pipes are refused. */
export async function unpackTar(
  source: AsyncIterable<Uint8Array>,
  writer: TreeWriter,
  options: UnpackOptions,
): Promise<void> {
  const directoryTimes: { path: string; entry: TarEntry }[] = [];
  let bytes = 0;
  let entries = 0;
  const turn = new FairTurn();
  for await (const member of readTar(source)) {
    options.signal.throwIfAborted();
    await turn.pause();
    bytes += member.entry.sizeBytes;
    entries++;
    if (bytes > options.limitBytes || entries > options.limitEntries) throw tooLarge(options);
    const path = placeOf(member.entry.name, options);
    // The archive's own root is there already and keeps its attributes.
    if (path === (options.prefix ?? "") && member.entry.type === "directory") continue;
    await unpackMember(member, path, writer, options);
    if (member.entry.type === "directory") directoryTimes.push({ path, entry: member.entry });
  }
  // Writing into a directory changed its time.
  for (const { path, entry } of directoryTimes.reverse()) {
    writer.directoryEntry(path, attributesOf(entry, options));
  }
}

async function unpackMember(
  { entry, body }: TarMember,
  path: string,
  writer: TreeWriter,
  options: UnpackOptions,
): Promise<void> {
  const attributes = attributesOf(entry, options);
  if (entry.type === "directory") return writer.directoryEntry(path, attributes);
  if (path === (options.prefix ?? "")) throw invalidEntry(entry);
  if (entry.type === "symlink") return writer.symlink(path, entry.linkName, attributes);
  if (entry.type === "hardlink") return writer.hardlink(path, placeOf(entry.linkName, options));
  if (entry.type !== "file") {
    throw notImplemented(`archives with device files or pipes are not supported here: ${entry.name}`, {
      code: "Build.SpecialFile",
    });
  }
  const hash = createHash("sha256");
  await writer.file(path, attributes, (at) => writeContent(at, body, (chunk) => hash.update(chunk)));
  options.onFile?.(path, hash.digest("hex"));
}

function placeOf(name: string, options: UnpackOptions): string {
  const clean = cleanTarPath(name).join("/");
  if (!options.prefix) return clean;
  return clean === "" ? options.prefix : `${options.prefix}/${clean}`;
}

function attributesOf(entry: TarEntry, options: UnpackOptions) {
  return {
    uid: options.owner?.uid ?? entry.uid,
    gid: options.owner?.gid ?? entry.gid,
    mode: entry.mode,
    mtimeMs: entry.mtimeSeconds * 1000 + Math.floor(entry.mtimeNanoseconds / 1e6),
  };
}

function invalidEntry(entry: TarEntry): GantryError {
  return new GantryError("InvalidArgument", `invalid name in archive: ${JSON.stringify(entry.name)}`, {
    code: "Build.ArchiveEntry",
  });
}

function tooLarge(options: UnpackOptions): GantryError {
  return new GantryError(
    "ResourceExhausted",
    `the archive holds more than ${options.limitBytes} bytes or ${options.limitEntries} files`,
    { code: "Build.ArchiveTooLarge" },
  );
}
