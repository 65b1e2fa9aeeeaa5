import { closeSync, constants } from "node:fs";
import { mkdir, opendir } from "node:fs/promises";
import { GantryError } from "../../base/index.ts";
import type { RootfsMount } from "../../images/types.ts";
import { fdPath, hasErrno, openAtRoot, openInRoot } from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { MountRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";
import { copyTree } from "../files/copy-tree.ts";
import { needsMount } from "./driver-options.ts";

/**
 * Fills the container's new, empty volumes with what the image has at their places (and gives them its owner and mode).
 * Other containers may have a volume already, and write to it meanwhile.
 */
export async function copyUpVolumes(
  context: EngineContext,
  container: Container,
  rootfs: RootfsMount,
): Promise<void> {
  const candidates = container.record.mounts.filter((mount) => mount.Type === "volume" && mount.copyUp);
  const empty = [];
  for (const mount of candidates) if (await mayBeEmpty(context, mount)) empty.push(mount);
  if (empty.length === 0) return;
  await mkdir(container.path("rootfs"), { recursive: true, mode: 0o711 });
  const root = openMountedRoot(rootfs, container.path("rootfs"));
  try {
    for (const mount of empty) await copyFrom(context, root, mount, container.id);
  } finally {
    root.close();
  }
}

/** What is not mounted yet cannot be looked at. */
async function mayBeEmpty(context: EngineContext, { Name, subpath }: MountRecord): Promise<boolean> {
  if (subpath !== undefined || needsMount(context.volumes.get(Name!).Options)) return true;
  return context.volumes.isEmpty(Name!);
}

async function copyFrom(
  context: EngineContext,
  root: MountedRoot,
  mount: MountRecord,
  containerId: string,
): Promise<void> {
  const source = openDirectory(() => openAtRoot(root.fd, mount.Destination, DIRECTORY));
  if (source === undefined) return;
  try {
    await context.volumeMounts.using(mount.Name!, `${containerId}-copy`, () =>
      copyInto(source, context.volumes.dataDir(mount.Name!), mount.subpath ?? "."),
    );
  } catch (error) {
    throw error instanceof GantryError && error.code === "Engine.VolumeMount" ? populating(error) : error;
  } finally {
    closeSync(source);
  }
}

async function copyInto(source: number, dataDir: string, subpath: string): Promise<void> {
  const target = openDirectory(() => openInRoot(dataDir, subpath, DIRECTORY));
  if (target === undefined) return;
  try {
    if (await isEmpty(fdPath(target))) await copyTree(source, fdPath(target));
  } finally {
    closeSync(target);
  }
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

function openDirectory(open: () => number): number | undefined {
  try {
    return open();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

async function isEmpty(path: string): Promise<boolean> {
  const directory = await opendir(path);
  try {
    return (await directory.read()) === null;
  } finally {
    await directory.close();
  }
}

const populating = (error: GantryError) =>
  new GantryError(error.kind, `failed to populate volume: ${error.message}`, {
    code: error.code,
    cause: error,
  });
