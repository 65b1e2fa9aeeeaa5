import { closeSync, constants, fstatSync, lstatSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fdPath, hasErrno, MountFlag, mkdirInRoot, mount, O_PATH, openAtRoot } from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot, openProcessRoot } from "../../runtime/index.ts";
import { type EngineContext, rootfsOf } from "../context.ts";
import { notRunning } from "../errors.ts";
import type { Container } from "./container.ts";

/**
 * Runs `fn` with the container's root open: as its process sees it while it runs, else mounted for this purpose with its
 * volumes. Whatever is done in it must resolve paths inside the root, for the container may change the tree meanwhile.
 */
export async function withContainerRoot<T>(
  context: EngineContext,
  container: Container,
  fn: (root: MountedRoot) => T | Promise<T>,
): Promise<T> {
  const root = await openContainerRoot(context, container);
  try {
    return await fn(root);
  } finally {
    root.close();
  }
}

export async function openContainerRoot(context: EngineContext, container: Container): Promise<MountedRoot> {
  if (container.hasProcess) {
    const pid = context.runtime.pidOf(container.id);
    if (pid === undefined) throw notRunning(container.id);
    return openProcessRoot(pid);
  }
  return mountStopped(context, container, (rootFd) => bindVolumes(container, rootFd));
}

/** The file system of its image and what it wrote there, without volumes. */
export async function openContainerRootfs(
  context: EngineContext,
  container: Container,
): Promise<MountedRoot> {
  if (container.hasProcess) return context.runtime.openRootfs(container.id);
  return mountStopped(context, container, () => {});
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
function bindVolumes(container: Container, rootFd: number): void {
  for (const { Type, Source, Destination } of container.record.mounts) {
    const isDirectory = Type === "tmpfs" ? undefined : isDirectoryAt(Source);
    if (isDirectory === undefined) continue;
    // Held open: a volume mounted before may be written to by another container meanwhile.
    const target = openMountPoint(rootFd, Destination, isDirectory);
    if (target === undefined) continue;
    try {
      mount(Source, fdPath(target), null, MountFlag.BIND | MountFlag.REC);
    } finally {
      closeSync(target);
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
    if (!isDirectory) closeSync(openAtRoot(rootFd, path, constants.O_CREAT | constants.O_WRONLY, 0o644));
    fd = openAtRoot(rootFd, path, O_PATH);
  }
  if (fstatSync(fd).isDirectory() === isDirectory) return fd;
  closeSync(fd);
  return undefined;
}

function isDirectoryAt(path: string): boolean | undefined {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return undefined;
  }
}
