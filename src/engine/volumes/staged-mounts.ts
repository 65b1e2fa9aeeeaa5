import { closeSync, constants, fstatSync, mkdirSync, openSync } from "node:fs";
import { mkdir, readdir, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getSystemErrorMessage } from "node:util";
import { errnoCode, notFound } from "../../base/index.ts";
import {
  fdPath,
  hasErrno,
  MountFlag,
  mount,
  mountOverlay,
  O_PATH,
  openAtRoot,
  unmountTree,
} from "../../kernel/index.ts";
import type { Container } from "../containers/container.ts";
import type { MountRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";

/**
 * Sources that no path stands for safely: a part of a volume, whose path another container may change meanwhile, and an
 * image. They are mounted below `<run>/mounts/<container>/` while the container is made, and bound in from there.
 */
export function stagedSource(context: EngineContext, id: string, index: number): string {
  return join(context.stagedMountsDir, id, String(index));
}

export const isStaged = ({ Type, subpath }: MountRecord) => Type === "image" || subpath !== undefined;

/** Before a start, with the container's volumes in place. */
export async function stageMounts(context: EngineContext, container: Container): Promise<void> {
  const { mounts } = container.record;
  if (!mounts.some(isStaged)) return;
  await unstageMounts(context, container.id);
  await mkdir(join(context.stagedMountsDir, container.id), { recursive: true, mode: 0o700 });
  for (const [index, record] of mounts.entries()) {
    if (!isStaged(record)) continue;
    const target = stagedSource(context, container.id, index);
    const fd = openSubpath(record, () => mountImage(context, record, `${target}-image`));
    try {
      if (fstatSync(fd).isDirectory()) await mkdir(target);
      else await writeFile(target, "");
      mount(fdPath(fd), target, null, MountFlag.BIND);
    } finally {
      closeSync(fd);
    }
  }
}

/** Once the container's process is made, or was not: it has what it needs. */
export async function unstageMounts(context: EngineContext, id: string): Promise<void> {
  const dir = join(context.stagedMountsDir, id);
  const names = await namesIn(dir);
  if (names === undefined) return;
  if (names.length > 0) unmountTree(dir);
  // Never what lies in them: a mount that stayed makes these fail.
  for (const name of names) {
    await rmdir(join(dir, name)).catch((error) => {
      if (errnoCode(error) !== "ENOTDIR") throw error;
      return unlink(join(dir, name));
    });
  }
  await rmdir(dir);
}

/** What a start that was cut off has left. */
export async function unstageAll(context: EngineContext): Promise<void> {
  for (const id of (await namesIn(context.stagedMountsDir)) ?? []) await unstageMounts(context, id);
}

async function namesIn(dir: string): Promise<string[] | undefined> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A descriptor of what is to be mounted; `imageAt` says where the mount's image is. */
export function openSubpath(record: MountRecord, imageAt: () => string): number {
  const base = record.Type === "image" ? imageAt() : record.Source;
  const root = openSync(base, O_PATH | constants.O_DIRECTORY);
  if (record.subpath === undefined) return root;
  try {
    return openAtRoot(root, record.subpath, O_PATH);
  } catch (error) {
    throw notAccessible(error, join(base, record.subpath));
  } finally {
    closeSync(root);
  }
}

function notAccessible(error: unknown, path: string): unknown {
  if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return error;
  const number = hasErrno(error, "ENOENT") ? -2 : hasErrno(error, "ENOTDIR") ? -20 : -40;
  return notFound(`cannot access path ${path}: lstat ${path}: ${getSystemErrorMessage(number)}`, {
    code: "Engine.NoSuchSubpath",
  });
}

function mountImage(context: EngineContext, record: MountRecord, target: string): string {
  mkdirSync(target);
  mountImageAt(context, record, target);
  return target;
}

/** An image's files, read-only. */
export function mountImageAt(
  context: EngineContext,
  { imageLayers = [] }: MountRecord,
  target: string,
): void {
  const { lowerDirs } = context.images.layersMount(imageLayers);
  // An overlay without an upper directory needs two lower ones.
  if (lowerDirs.length === 1) mount(lowerDirs[0]!, target, null, MountFlag.BIND);
  else mountOverlay({ lowerDirs, target });
}

/** `a/b` within a volume, with no way out of it (Go's filepath.IsLocal). */
export function checkSubpath(subpath: string, fail: (reason: string) => Error): void {
  let depth = 0;
  const isAbsolute = subpath.startsWith("/") || subpath.includes("\0");
  for (const part of subpath.split("/")) {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    if (depth < 0) break;
  }
  if (isAbsolute || depth < 0) throw fail("subpath must be a relative path within the volume");
}
