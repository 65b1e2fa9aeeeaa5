import type { Stats } from "node:fs";
import { chmod, chown, lstat, mkdir, open, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, invalidArgument } from "../../../base/index.ts";

/** Files of a volume by relative path. */
export interface VolumeFile {
  content: Buffer;
  mode: number;
  /** Owner when the file is for one user alone (a token for runAsUser). */
  uid?: number;
}
export type VolumePayload = Map<string, VolumeFile>;

const DATA_LINK = "..data";
const NEW_DATA_LINK = "..data_tmp";

export interface WriteOptions {
  gid?: number;
  /** Names the directory of these files: another one for each write. */
  generation: string;
  /** Whether a directory is bound for a container by itself: the files in it stay as they are for that container. */
  isBound?: (directory: Stats) => boolean;
}

/**
 * Puts files into a volume so that readers see either all old or all new ones: they live in a directory of their own,
 * `..data` is a link to it that is replaced by a rename, and every visible name is a link through `..data`
 * (the layout that programs which watch such volumes know). True when something has changed.
 */
export async function writeAtomically(
  dir: string,
  payload: VolumePayload,
  options: WriteOptions,
): Promise<boolean> {
  for (const path of payload.keys()) assertPath(path);
  const oldName = await currentDirectory(dir);
  if (oldName !== undefined && (await isSame(join(dir, oldName), payload, options.gid))) {
    await linkVisibleNames(dir, payload);
    return false;
  }
  const newName = `..${options.generation}`;
  const newDir = join(dir, newName);
  await rm(newDir, { recursive: true, force: true });
  await mkdir(newDir, { mode: 0o755 });
  await own(newDir, 0o755, undefined, options.gid);
  for (const [path, file] of payload) await writeOne(newDir, path, file, options.gid);
  await rm(join(dir, NEW_DATA_LINK), { force: true });
  await symlink(newName, join(dir, NEW_DATA_LINK));
  await rename(join(dir, NEW_DATA_LINK), join(dir, DATA_LINK));
  await linkVisibleNames(dir, payload);
  await removeStaleNames(dir, payload);
  await removeOldPayloads(dir, newName, options.isBound ?? (() => false));
  return true;
}

/** Also those that the end of the program came before the removal of. */
async function removeOldPayloads(
  dir: string,
  newName: string,
  isBound: (directory: Stats) => boolean,
): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith("..") || name === DATA_LINK || name === newName) continue;
    const path = join(dir, name);
    if (!(await holdsBound(path, isBound))) await rm(path, { recursive: true, force: true });
  }
}

async function holdsBound(path: string, isBound: (directory: Stats) => boolean): Promise<boolean> {
  const info = await lstat(path);
  if (!info.isDirectory()) return false;
  if (isBound(info)) return true;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory() && (await holdsBound(join(path, entry.name), isBound))) return true;
  }
  return false;
}

function assertPath(path: string): void {
  const parts = path.split("/");
  if (
    path === "" ||
    path.startsWith("/") ||
    parts.includes("..") ||
    parts[0]!.startsWith("..") ||
    path.length > 4096
  ) {
    throw invalidArgument(`invalid path in a volume: ${path}`, { code: "Kubelet.VolumePath" });
  }
}

async function currentDirectory(dir: string): Promise<string | undefined> {
  try {
    return await readlink(join(dir, DATA_LINK));
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writeOne(
  root: string,
  path: string,
  file: VolumeFile,
  gid: number | undefined,
): Promise<void> {
  const target = join(root, path);
  for (const parent of parentsOf(path)) {
    await mkdir(join(root, parent), { recursive: true, mode: 0o755 });
    await own(join(root, parent), 0o755, undefined, gid);
  }
  const handle = await open(target, "wx", 0o600);
  try {
    await handle.writeFile(file.content);
    if (file.uid !== undefined || gid !== undefined) await handle.chown(file.uid ?? 0, gid ?? 0);
    await handle.chmod(modeFor(file, gid));
  } finally {
    await handle.close();
  }
}

/** With an fsGroup its members may read what the owner may. */
function modeFor(file: VolumeFile, gid: number | undefined): number {
  return gid === undefined ? file.mode : file.mode | ((file.mode & 0o500) >> 3);
}

async function own(
  path: string,
  mode: number,
  uid: number | undefined,
  gid: number | undefined,
): Promise<void> {
  if (gid !== undefined) await chown(path, uid ?? 0, gid);
  await chmod(path, gid === undefined ? mode : mode | 0o2000);
}

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** First path components: what one sees in the volume. */
function visibleNames(payload: VolumePayload): Set<string> {
  return new Set([...payload.keys()].map((path) => path.split("/")[0]!));
}

async function linkVisibleNames(dir: string, payload: VolumePayload): Promise<void> {
  for (const name of visibleNames(payload)) {
    try {
      await symlink(join(DATA_LINK, name), join(dir, name));
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") throw error;
    }
  }
}

async function removeStaleNames(dir: string, payload: VolumePayload): Promise<void> {
  const visible = visibleNames(payload);
  for (const name of await readdir(dir)) {
    if (name.startsWith("..") || visible.has(name)) continue;
    if ((await lstat(join(dir, name))).isSymbolicLink()) await rm(join(dir, name));
  }
}

async function isSame(root: string, payload: VolumePayload, gid: number | undefined): Promise<boolean> {
  const found = await readTree(root);
  if (found.size !== payload.size) return false;
  for (const [path, file] of payload) {
    const there = found.get(path);
    if (!there?.content.equals(file.content)) return false;
    if (there.mode !== modeFor(file, gid) || there.uid !== (file.uid ?? 0)) return false;
  }
  return true;
}

async function readTree(root: string): Promise<VolumePayload> {
  const files: VolumePayload = new Map();
  let entries: Awaited<ReturnType<typeof listFiles>>;
  try {
    entries = await listFiles(root);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return files;
    throw error;
  }
  for (const path of entries) {
    const handle = await open(join(root, path), "r");
    try {
      const info = await handle.stat();
      files.set(path, { content: await handle.readFile(), mode: info.mode & 0o777, uid: info.uid });
    } finally {
      await handle.close();
    }
  }
  return files;
}

async function listFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
