import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { errnoCode, GantryError, invalidArgument } from "../../../base/index.ts";
import {
  fdPath,
  isMountPoint,
  listMounts,
  MountFlag,
  mkdirInRoot,
  mount,
  O_PATH,
  openInRoot,
  unmount,
} from "../../../kernel/index.ts";

export interface SubPath {
  volumeName: string;
  /** Where the volume lies. */
  volumeDir: string;
  /** Relative to the volume, as the container's mount says. */
  path: string;
  containerName: string;
  /** Where the path is bound for the container; the kubelet's own, no container can write there. */
  target: string;
}

/** Where a volume's paths are bound: one directory a container, in it one target for each of its mounts. */
export function subPathsDir(podDir: string, volumeName: string): string {
  return join(podDir, "volume-subpaths", volumeName);
}

/** What is bound below a directory now, by device and inode. */
export function boundInodes(dir: string): Set<string> {
  const targets = listMounts().filter(({ mountPoint }) => mountPoint.startsWith(`${dir}/`));
  return new Set(targets.map(({ mountPoint }) => inodeOf(statSync(mountPoint))));
}

export function inodeOf({ dev, ino }: Pick<Stats, "dev" | "ino">): string {
  return `${dev}:${ino}`;
}

/** A permission mode and setgid: what a new directory has of its volume. */
const INHERITED_MODE = 0o2777;

/**
 * Binds one path of a volume to `target` and returns it. The path is opened inside the volume and what was opened is what
 * is bound, so that a link that a container of the pod swaps in meanwhile leads nowhere else (CVE-2017-1002101,
 * CVE-2021-25741). A missing path becomes a directory. What an earlier start of the container left at the target stays
 * only when it still is what the path names: the files of a ConfigMap are new ones after each change of it.
 */
export function bindSubPath(subPath: SubPath): string {
  const { target } = subPath;
  assertInside(subPath.path);
  const fd = openSubPath(subPath);
  try {
    if (!isBound(fd, target)) bind(fd, target);
    return target;
  } catch (error) {
    throw failed("prepare subPath", subPath, error);
  } finally {
    closeSync(fd);
  }
}

function assertInside(path: string): void {
  const refuse = (message: string) => invalidArgument(message, { code: "Kubelet.SubPath" });
  if (path.startsWith("/")) throw refuse(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split("/").includes(".."))
    throw refuse(`unable to provision SubPath \`${path}\`: must not contain '..'`);
}

function openSubPath(subPath: SubPath): number {
  try {
    const existing = resolveInside(subPath);
    if (existing !== undefined) return openInRoot(subPath.volumeDir, existing, O_PATH);
  } catch (error) {
    throw failed("prepare subPath", subPath, error);
  }
  try {
    return createDirectory(subPath);
  } catch (error) {
    throw failed("create subPath directory", subPath, error);
  }
}

/**
 * The path without links, relative to the volume; undefined where there is none. One that leads out of the volume is refused
 * rather than followed inside, as upstream does. Nothing rests on the answer but that: it is opened inside the volume.
 */
function resolveInside({ volumeDir, path }: SubPath): string | undefined {
  const root = realpathSync(volumeDir);
  let resolved: string;
  try {
    resolved = realpathSync(join(root, path));
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const inside = relative(root, resolved);
  if (inside === ".." || inside.startsWith("../")) {
    throw invalidArgument(`${path} leads out of its volume`, { code: "Kubelet.SubPath" });
  }
  return inside;
}

/** Who may use the volume may use the directory. */
function createDirectory({ volumeDir, path }: SubPath): number {
  const mode = statSync(volumeDir).mode & INHERITED_MODE;
  mkdirInRoot(volumeDir, path, mode & 0o777);
  const fd = openInRoot(volumeDir, path, O_PATH | constants.O_DIRECTORY);
  try {
    // The program's umask has had its part in it.
    chmodSync(fdPath(fd), mode);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function isBound(fd: number, target: string): boolean {
  if (!isMountPoint(target)) return false;
  return inodeOf(fstatSync(fd)) === inodeOf(statSync(target));
}

/** A container that still runs keeps what it has: its mount is one of its own. */
function bind(fd: number, target: string): void {
  while (isMountPoint(target)) unmount(target, { detach: true });
  const isDirectory = fstatSync(fd).isDirectory();
  const present = statOrUndefined(target);
  if (present && present.isDirectory() !== isDirectory) rmSync(target, { recursive: true });
  if (isDirectory) mkdirSync(target, { recursive: true, mode: 0o750 });
  else {
    mkdirSync(dirname(target), { recursive: true, mode: 0o750 });
    writeFileSync(target, "", { mode: 0o640 });
  }
  mount(fdPath(fd), target, null, MountFlag.BIND);
}

function statOrUndefined(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** What went wrong in detail would tell a pod's owner of the host's files. */
function failed(what: string, { volumeName, containerName }: SubPath, cause: unknown): GantryError {
  const message = `failed to ${what} for volumeMount "${volumeName}" of container "${containerName}"`;
  return new GantryError("InvalidArgument", message, { code: "Kubelet.SubPath", cause });
}
