import { constants } from "node:fs";
import { type Clock, invalidArgument, notImplemented } from "../../base/index.ts";
import { type TarEntryType, type TarMemberToWrite, tarEntry, writeTar } from "../../formats/index.ts";
import type { FileEntry } from "../session/types.ts";
import { clientOf } from "./client-of.ts";
import { ExporterAttributes } from "./exporter-attributes.ts";
import { type OutputTree, openOutputTree, readFilesAttributes } from "./output-tree.ts";
import type { Exporter, ExporterRequest } from "./types.ts";

export interface FileExporterHost {
  clock: Clock;
}

/** Makes a directory of the client's hold the result's files. */
export function createLocalExporter(host: FileExporterHost, request: ExporterRequest): Exporter {
  const reader = new ExporterAttributes(request.attributes);
  const attributes = readFilesAttributes(reader);
  assertMode(reader.text("mode"));
  return {
    type: "local",
    export: (job, source) =>
      job.step("exporting to client directory", async (step) => {
        const client = clientOf(job);
        const tree = await openOutputTree(source, attributes, host.clock.nowMs());
        try {
          step.status("copying files", {});
          const counted = counting(tree, (current) => step.status("copying files", { current }));
          await client.sendTree(request.id, {}, counted.entries(), counted.read, job.signal);
          step.status("copying files", { current: counted.bytes(), done: true });
          return {};
        } finally {
          tree.close();
        }
      }),
  };
}

/** Sends the result's files as one tar. */
export function createTarExporter(host: FileExporterHost, request: ExporterRequest): Exporter {
  const attributes = readFilesAttributes(new ExporterAttributes(request.attributes));
  return {
    type: "tar",
    export: (job, source) =>
      job.step("exporting to client tarball", async (step) => {
        const client = clientOf(job);
        const tree = await openOutputTree(source, attributes, host.clock.nowMs());
        try {
          step.status("sending tarball", {});
          await client.sendFile(request.id, {}, writeTar(tarMembers(tree)), job.signal);
          step.status("sending tarball", { done: true });
          return {};
        } finally {
          tree.close();
        }
      }),
  };
}

function assertMode(mode: string | undefined): void {
  if (mode === undefined || mode === "" || mode === "copy") return;
  if (mode === "delete") throw notImplemented("mode=delete of the local exporter is not supported");
  throw invalidArgument(`invalid local exporter mode ${JSON.stringify(mode)}`);
}

function counting(tree: OutputTree, onBytes: (bytes: number) => void) {
  let bytes = 0;
  return {
    entries: () => tree.entries(),
    bytes: () => bytes,
    read: async function* (path: string): AsyncGenerator<Uint8Array> {
      for await (const chunk of tree.read(path)) {
        bytes += chunk.length;
        onBytes(bytes);
        yield chunk;
      }
    },
  };
}

async function* tarMembers(tree: OutputTree): AsyncGenerator<TarMemberToWrite> {
  for await (const entry of tree.entries()) {
    const type = tarTypeOf(entry);
    const member = tarEntry({
      name: type === "directory" ? `${entry.path}/` : entry.path,
      type,
      mode: entry.mode & 0o7777,
      uid: entry.uid,
      gid: entry.gid,
      sizeBytes: entry.sizeBytes,
      mtimeSeconds: Number(entry.mtimeNs / 1_000_000_000n),
      linkName: entry.linkName,
      deviceMajor: entry.deviceMajor,
      deviceMinor: entry.deviceMinor,
      xattrs: new Map(Object.entries(entry.xattrs).map(([name, value]) => [name, Buffer.from(value)])),
    });
    yield type === "file" ? { entry: member, body: tree.read(entry.path) } : { entry: member };
  }
}

const TYPES = new Map<number, TarEntryType>([
  [constants.S_IFIFO, "fifo"],
  [constants.S_IFCHR, "character-device"],
  [constants.S_IFDIR, "directory"],
  [constants.S_IFBLK, "block-device"],
  [constants.S_IFREG, "file"],
  [constants.S_IFLNK, "symlink"],
]);

function tarTypeOf({ mode, linkName }: FileEntry): TarEntryType {
  const type = TYPES.get(mode & constants.S_IFMT) ?? "file";
  return type === "file" && linkName !== "" ? "hardlink" : type;
}
