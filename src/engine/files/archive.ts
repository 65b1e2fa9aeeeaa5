import { closeSync, constants, fstatSync } from "node:fs";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { GantryError } from "../../base/index.ts";
import { TAR_END, TarReader } from "../../formats/index.ts";
import { packMember, packTree, TreeExtractor } from "../../images/index.ts";
import { hasErrno, O_PATH, openAtRoot } from "../../kernel/index.ts";
import type { MountedRoot } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import { openContainerRoot, openContainerRootfs, withContainerRoot } from "../containers/container-root.ts";
import type { EngineContext } from "../context.ts";
import { fileNotInContainer, invalidRequest } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { lookUpUser } from "../spec/user-lookup.ts";
import type { PathStat } from "../types.ts";
import { absolutePath, asksForContent, statInRoot } from "./path-stat.ts";

/** `docker cp` out of a container: what stands at a path as a tar archive. */
export async function readArchive(
  context: EngineContext,
  reference: string,
  requested: string,
): Promise<{ stat: PathStat; tar: Readable }> {
  const { root, container } = await openContainerRoot(context, reference);
  try {
    const stat = statInRoot(root, reference, requested);
    const tar = streamOf(packPath(root, reference, requested), () => root.close());
    emitContainerEvent(context, container, "archive-path");
    return { stat, tar };
  } catch (error) {
    root.close();
    throw error;
  }
}

/** Members are named after the last component, which Docker's client replaces: `./…` for `dir/.`, `/…` for the root. */
function* packPath(root: MountedRoot, reference: string, requested: string): Generator<Buffer> {
  const { path, wantsDirectory } = absolutePath(requested);
  const missing = () => fileNotInContainer(requested, reference);
  const isDot = asksForContent(requested);
  if (path === "/" || isDot || wantsDirectory) {
    const fd = openDirectory(root, path, missing);
    try {
      const prefix = isDot ? "./" : path === "/" ? "/" : `${posix.basename(path)}/`;
      yield* packTree(fd, { root: "always", prefix });
    } finally {
      closeSync(fd);
    }
    return;
  }
  const parent = openDirectory(root, posix.dirname(path), missing);
  try {
    yield* packMember(parent, posix.basename(path), posix.basename(path));
    yield TAR_END;
  } finally {
    closeSync(parent);
  }
}

function openDirectory(root: MountedRoot, path: string, missing: () => Error): number {
  try {
    return openAtRoot(root.fd, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw missing();
    throw error;
  }
}

/** `docker export`. */
export async function exportContainer(context: EngineContext, reference: string): Promise<Readable> {
  const { root, container } = await openContainerRootfs(context, reference);
  emitContainerEvent(context, container, "export");
  const pack = function* () {
    const fd = openDirectory(root, "/", () => fileNotInContainer("/", reference));
    try {
      yield* packTree(fd, { root: "never" });
    } finally {
      closeSync(fd);
    }
  };
  return streamOf(pack(), () => root.close());
}

/** A stream of what a generator yields; `release` is called once it is over, however it ends. */
function streamOf(pieces: Generator<Buffer>, release: () => void): Readable {
  const stream = Readable.from(pieces, { objectMode: false });
  stream.once("close", release);
  return stream;
}

export interface WriteArchiveOptions {
  noOverwriteDirNonDir?: boolean;
  copyUidGid?: boolean;
}

/** `docker cp` into a container: unpacks a tar archive in an existing directory. */
export async function writeArchive(
  context: EngineContext,
  reference: string,
  requested: string,
  tar: Readable,
  options: WriteArchiveOptions = {},
): Promise<void> {
  const { path } = absolutePath(requested);
  await withContainerRoot(context, reference, async (root, container) => {
    assertDirectory(root, path, () => fileNotInContainer(requested, reference));
    assertWritable(container, path);
    const extractor = new TreeExtractor(root.path, {
      into: path,
      noOverwriteDirNonDir: options.noOverwriteDirNonDir,
      owner: options.copyUidGid ? ownerOf(container, root) : undefined,
    });
    try {
      const reader = new TarReader(extractor);
      for await (const chunk of tar) reader.push(chunk as Buffer);
      reader.end();
      extractor.finish();
    } catch (error) {
      extractor.close();
      throw error;
    }
    emitContainerEvent(context, container, "extract-to-dir");
  });
}

function assertDirectory(root: MountedRoot, path: string, missing: () => Error): void {
  let fd: number;
  try {
    fd = openAtRoot(root.fd, path, O_PATH);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw missing();
    throw error;
  }
  try {
    if (!fstatSync(fd).isDirectory()) throw invalidRequest("extraction point is not a directory");
  } finally {
    closeSync(fd);
  }
}

function assertWritable(container: Container, path: string): void {
  const covering = container.record.mounts
    .filter((mount) => path === mount.Destination || path.startsWith(`${mount.Destination}/`))
    .sort((a, b) => b.Destination.length - a.Destination.length)[0];
  if (covering ? covering.RW : !container.record.hostConfig.ReadonlyRootfs) return;
  const what = covering ? "mounted volume is marked read-only" : "container rootfs is marked read-only";
  throw new GantryError("PermissionDenied", what, { code: "Engine.ReadOnly" });
}

/** With `docker cp -a` the container's user owns what arrives. */
function ownerOf(container: Container, root: MountedRoot): { uid: number; gid: number } | undefined {
  const { User } = container.record.config;
  if (!User) return undefined;
  const { uid, gid } = lookUpUser(root.path, User);
  return { uid, gid };
}
