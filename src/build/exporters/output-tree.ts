import { constants } from "node:fs";
import { invalidArgument } from "../../base/index.ts";
import type { FileEntry } from "../session/types.ts";
import type { OpenTree } from "../solver/types.ts";
import { type ExporterAttributes, readEpoch } from "./exporter-attributes.ts";
import { type StatementFile, statementFiles } from "./statement-files.ts";
import { readTreeFile, treeEntries } from "./tree-entries.ts";
import type { ExportSource } from "./types.ts";

export interface FilesAttributes {
  /** All times become this. */
  epochMs: number | undefined;
  /** A directory for each platform; absent: where the result has several. */
  split: boolean | undefined;
}

export function readFilesAttributes(attributes: ExporterAttributes): FilesAttributes {
  return { epochMs: readEpoch(attributes), split: attributes.flag("platform-split") };
}

/** The files of all outputs as one tree. */
export interface OutputTree {
  entries(): AsyncIterable<FileEntry>;
  read(path: string): AsyncIterable<Uint8Array>;
  close(): void;
}

interface Part {
  /** `linux_amd64/`, or empty. */
  prefix: string;
  platformId: string;
  tree: OpenTree | undefined;
  statements: readonly StatementFile[];
}

const DIRECTORY_MODE = 0o40755;

export async function openOutputTree(
  source: ExportSource,
  attributes: FilesAttributes,
  nowMs: number,
): Promise<OutputTree> {
  const isSplit = attributes.split ?? source.isMultiPlatform;
  const parts: Part[] = [];
  const close = () => {
    for (const { tree } of parts.splice(0)) tree?.close();
  };
  try {
    for (const output of source.outputs) {
      const { platformId, tree } = output;
      const prefix = isSplit ? `${platformId.replaceAll("/", "_")}/` : "";
      const part: Part = { prefix, platformId, tree: await tree?.open(), statements: [] };
      parts.push(part);
      // In one tree of several results nobody would know of which of them a statement speaks.
      if (part.tree && (isSplit || source.outputs.length === 1))
        part.statements = await statementFiles(output, part.tree.rootFd);
    }
  } catch (error) {
    close();
    throw error;
  }
  parts.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  const owners = new Map<string, Part>();
  const { epochMs } = attributes;
  return {
    entries: () => entriesOf(parts, owners, { epochMs, nowMs }),
    read: (path) => {
      const part = isSplit ? parts.find(({ prefix }) => path.startsWith(prefix)) : owners.get(path);
      const own = path.slice((part ?? parts[0]!).prefix.length);
      const statement = (part ?? parts[0]!).statements.find(({ name }) => name === own);
      return statement ? once(statement.bytes) : readTreeFile(part!.tree!.rootFd, own);
    },
    close,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* entriesOf(
  parts: readonly Part[],
  owners: Map<string, Part>,
  { epochMs, nowMs }: { epochMs: number | undefined; nowMs: number },
): AsyncGenerator<FileEntry> {
  const withTime = (entry: FileEntry): FileEntry =>
    epochMs === undefined ? entry : { ...entry, mtimeNs: BigInt(epochMs) * 1_000_000n };
  for (const part of parts) {
    const { prefix, tree } = part;
    if (prefix !== "") yield withTime(directoryEntry(prefix.slice(0, -1), nowMs));
    if (!tree) continue;
    const waiting = [...part.statements];
    for await (const entry of treeEntries(tree.rootFd)) {
      const top = entry.path.split("/", 1)[0]!;
      while (waiting[0] && waiting[0].name < top)
        yield withTime(statementEntry(prefix, waiting.shift()!, nowMs));
      if (waiting[0]?.name === top) throw taken(entry.path);
      const isDirectory = (entry.mode & constants.S_IFMT) === constants.S_IFDIR;
      const other = owners.get(entry.path);
      if (prefix === "" && other) {
        if (isDirectory) continue;
        throw overwritten(entry.path, other, part);
      }
      if (prefix === "") owners.set(entry.path, part);
      // Hard links are told by the path of the first name, as it stands in the whole tree.
      const isHardLink = entry.linkName !== "" && (entry.mode & constants.S_IFMT) === constants.S_IFREG;
      const linkName = isHardLink ? prefix + entry.linkName : entry.linkName;
      yield withTime({ ...entry, path: prefix + entry.path, linkName });
    }
    for (const statement of waiting) yield withTime(statementEntry(prefix, statement, nowMs));
  }
}

function overwritten(path: string, first: Part, second: Part) {
  return invalidArgument(
    `cannot overwrite ${path} from ${first.platformId} with ${second.platformId} when split option is disabled`,
  );
}

function taken(path: string) {
  return invalidArgument(`cannot write an attestation to ${path}: the result has a file of that name`);
}

const FILE_MODE = 0o100644;

function statementEntry(prefix: string, { name, bytes }: StatementFile, nowMs: number): FileEntry {
  return { ...directoryEntry(prefix + name, nowMs), mode: FILE_MODE, sizeBytes: bytes.length };
}

function directoryEntry(path: string, nowMs: number): FileEntry {
  return {
    path,
    mode: DIRECTORY_MODE,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeNs: BigInt(Math.floor(nowMs / 1000) * 1000) * 1_000_000n,
    linkName: "",
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: {},
  };
}
