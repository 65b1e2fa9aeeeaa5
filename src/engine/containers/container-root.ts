import { closeSync, constants, lstatSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { mkdirInRoot, openInRoot, resolveInRoot } from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot, openProcessRoot, type RootBind } from "../../runtime/index.ts";
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
  return mountStopped(context, container, (root) => volumeBinds(container, root));
}

/** The file system of its image and what it wrote there, without volumes. */
export async function openContainerRootfs(
  context: EngineContext,
  container: Container,
): Promise<MountedRoot> {
  if (container.hasProcess) return context.runtime.openRootfs(container.id);
  return mountStopped(context, container, () => []);
}

async function mountStopped(
  context: EngineContext,
  container: Container,
  binds: (root: string) => RootBind[],
): Promise<MountedRoot> {
  const rootfs = await rootfsOf(context, container);
  const target = container.path("rootfs");
  await mkdir(target, { recursive: true, mode: 0o711 });
  return openMountedRoot(rootfs, target, binds);
}

/** The container's volumes; a place that is missing is made, as the start would make it. */
function volumeBinds(container: Container, root: string): RootBind[] {
  const binds: RootBind[] = [];
  for (const mount of container.record.mounts) {
    const isDirectory = mount.Type === "tmpfs" ? undefined : isDirectoryAt(mount.Source);
    if (isDirectory === undefined) continue;
    const target = resolveInRoot(root, mount.Destination);
    if (isDirectoryAt(target) === undefined) makeMountPoint(root, mount.Destination, isDirectory);
    if (isDirectoryAt(target) === isDirectory) binds.push({ source: mount.Source, target });
  }
  return binds;
}

function makeMountPoint(root: string, path: string, isDirectory: boolean): void {
  mkdirInRoot(root, isDirectory ? path : dirname(path));
  if (!isDirectory) closeSync(openInRoot(root, path, constants.O_CREAT | constants.O_WRONLY, 0o644));
}

function isDirectoryAt(path: string): boolean | undefined {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return undefined;
  }
}
