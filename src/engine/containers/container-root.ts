import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import {
  fdPath,
  hasErrno,
  MountFlag,
  mkdirInRoot,
  mount,
  O_PATH,
  openAtRoot,
  openInRoot,
} from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot, openProcessRoot } from "../../runtime/index.ts";
import { type EngineContext, rootfsOf } from "../context.ts";
import { isBeingRemoved } from "../errors.ts";
import { holdVolumes, releaseVolumes } from "../volumes/held-volumes.ts";
import { mountImageAt } from "../volumes/staged-mounts.ts";
import type { Container } from "./container.ts";
import type { MountRecord } from "./container-record.ts";
import { hasEnded } from "./ended-process.ts";
import { exclusively } from "./exclusive.ts";

/**
 * Runs `fn` with the container's root open: as its process sees it while it runs, else mounted for this purpose with its
 * volumes, and then nothing else is done with the container meanwhile. Whatever is done in it must resolve paths inside
 * the root, for the container may change the tree meanwhile.
 */
export async function withContainerRoot<T>(
  context: EngineContext,
  reference: string,
  fn: (root: MountedRoot, container: Container) => T | Promise<T>,
): Promise<T> {
  const use = async (root: MountedRoot, container: Container) => {
    try {
      return await fn(root, container);
    } finally {
      root.close();
    }
  };
  const { result } = await exclusively(context, reference, async (container) => {
    const root = await rootToRead(context, container);
    const result = use(root, container);
    if (!container.hasProcess) await result.catch(() => {});
    return { result };
  });
  return result;
}

/** The container's root as `withContainerRoot` opens it, for reading. */
export function openContainerRoot(
  context: EngineContext,
  reference: string,
): Promise<{ root: MountedRoot; container: Container }> {
  return exclusively(context, reference, async (container) => ({
    root: await rootToRead(context, container),
    container,
  }));
}

/** The file system of its image and what it wrote there, without volumes; for reading. */
export function openContainerRootfs(
  context: EngineContext,
  reference: string,
): Promise<{ root: MountedRoot; container: Container }> {
  return exclusively(context, reference, async (container) => {
    if (container.removalInProgress) throw isBeingRemoved(container.id, "export");
    const stopped = () => mountStopped(context, container, () => {});
    const root = await (container.hasProcess
      ? orIfEnded(() => context.runtime.openRootfs(container.id), stopped)
      : stopped());
    return { root: keepingFiles(container, root), container };
  });
}

async function rootToRead(context: EngineContext, container: Container): Promise<MountedRoot> {
  return keepingFiles(container, await openRoot(context, container));
}

/** The container's files stay until the root is closed. */
function keepingFiles(container: Container, root: MountedRoot): MountedRoot {
  const release = container.holdFiles();
  return {
    fd: root.fd,
    path: root.path,
    close() {
      root.close();
      release();
    },
  };
}

async function openRoot(context: EngineContext, container: Container): Promise<MountedRoot> {
  const stopped = () => mountWithVolumes(context, container);
  if (!container.hasProcess) return stopped();
  const pid = context.runtime.pidOf(container.id);
  return pid === undefined ? stopped() : orIfEnded(() => openProcessRoot(pid), stopped);
}

/** An end that has not been handled yet: nothing has the root open any more. */
async function orIfEnded(open: () => MountedRoot, stopped: () => Promise<MountedRoot>): Promise<MountedRoot> {
  try {
    return open();
  } catch (error) {
    if (!hasEnded(error)) throw error;
    return stopped();
  }
}

/** Volumes are in place for as long as it takes to bind them. */
async function mountWithVolumes(context: EngineContext, container: Container): Promise<MountedRoot> {
  try {
    await holdVolumes(context, container);
    return await mountStopped(context, container, (rootFd) => bindVolumes(context, container, rootFd));
  } finally {
    await releaseVolumes(context, container);
  }
}

async function mountStopped(
  context: EngineContext,
  container: Container,
  mountMore: (rootFd: number) => void,
): Promise<MountedRoot> {
  const rootfs = await rootfsOf(context, container);
  const target = container.path("rootfs");
  await mkdir(target, { recursive: true, mode: 0o711 });
  return openMountedRoot(rootfs, target, mountMore);
}

/** The container's volumes; a place that is missing is made, as the start would make it. */
function bindVolumes(context: EngineContext, container: Container, rootFd: number): void {
  for (const record of container.record.mounts) {
    if (record.Type === "tmpfs" || (record.Type === "image" && record.subpath !== undefined)) continue;
    const source = record.Type === "image" ? undefined : openSource(record);
    const isDirectory = source === undefined || fstatSync(source).isDirectory();
    if (record.Type !== "image" && source === undefined) continue;
    // Held open: a volume mounted before may be written to by another container meanwhile.
    const target = openMountPoint(rootFd, record.Destination, isDirectory);
    try {
      if (target === undefined) continue;
      if (source === undefined) mountImageAt(context, record, fdPath(target));
      else mount(fdPath(source), fdPath(target), null, MountFlag.BIND | MountFlag.REC);
    } finally {
      if (target !== undefined) closeSync(target);
      if (source !== undefined) closeSync(source);
    }
  }
}

/** Undefined when something stands there that the volume cannot be mounted on. */
function openMountPoint(rootFd: number, path: string, isDirectory: boolean): number | undefined {
  let fd: number;
  try {
    fd = openAtRoot(rootFd, path, O_PATH);
  } catch (error) {
    if (hasErrno(error, "ENOTDIR", "ELOOP")) return undefined;
    if (!hasErrno(error, "ENOENT")) throw error;
    mkdirInRoot(fdPath(rootFd), isDirectory ? path : dirname(path));
    if (!isDirectory) makeFile(rootFd, path);
    fd = openAtRoot(rootFd, path, O_PATH);
  }
  if (fstatSync(fd).isDirectory() === isDirectory) return fd;
  closeSync(fd);
  return undefined;
}

/** Not blocking: another container, which has a volume on the way, may put a fifo there meanwhile. */
function makeFile(rootFd: number, path: string): void {
  const { O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
  closeSync(openAtRoot(rootFd, path, O_CREAT | O_WRONLY | O_NONBLOCK, 0o644));
}

/** Undefined where it is not there. */
function openSource(record: MountRecord): number | undefined {
  try {
    if (record.subpath !== undefined) return openInRoot(record.Source, record.subpath, O_PATH);
    return openSync(record.Source, O_PATH);
  } catch {
    return undefined;
  }
}
