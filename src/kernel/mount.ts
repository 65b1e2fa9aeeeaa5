import { closeSync, constants, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { invalidArgument } from "../base/index.ts";
import { hostInfo } from "./host-info.ts";
import { check, hasErrno, libc } from "./libc.ts";
import { atDirectory } from "./working-directory.ts";

/** Flags of mount(2). */
export const MountFlag = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  REMOUNT: 32,
  NOATIME: 1024,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
} as const;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** mount(2). `source` of a file system without one is any text. */
export function mount(
  source: string,
  target: string,
  fstype: string | null,
  flags: number,
  data: string | null = null,
): void {
  check(libc().mount(source, target, fstype, flags, data), `mount ${target}`, {
    source,
    target,
    fstype,
    flags,
  });
}

/** umount2(2). With `detach` the mount leaves the tree at once and goes when its last user does. */
export function unmount(target: string, options: { detach?: boolean } = {}): void {
  const flags = UMOUNT_NOFOLLOW | (options.detach ? MNT_DETACH : 0);
  check(libc().umount2(target, flags), `unmount ${target}`, { target });
}

export interface OverlayMount {
  /** Top layer first. */
  lowerDirs: readonly string[];
  /** Without it the mount is read-only. */
  upperDir?: string;
  workDir?: string;
  target: string;
  /** Further options of overlayfs: `metacopy=off`, `volatile`, … */
  options?: readonly string[];
}

/** mount(2) takes one page of options. */
const MAX_OPTION_BYTES = 4095;
/** The kernel's limit of lower layers (fs/overlayfs, OVL_MAX_STACK). */
const MAX_LOWER_DIRS = 500;

/**
 * Mounts an overlay. Paths that do not fit into one page, or hold characters that are special in the option text, are
 * named by open file descriptors, relative to /proc/self/fd.
 */
export function mountOverlay(overlay: OverlayMount): void {
  if (overlay.lowerDirs.length > MAX_LOWER_DIRS) {
    throw invalidArgument(`an overlay has at most ${MAX_LOWER_DIRS} layers, not ${overlay.lowerDirs.length}`);
  }
  const flags = overlay.upperDir ? 0 : MountFlag.RDONLY;
  const paths = [
    ...overlay.lowerDirs,
    ...[overlay.upperDir, overlay.workDir].filter((path) => path !== undefined),
  ];
  const plain = overlayOptions(overlay, (path) => path);
  if (Buffer.byteLength(plain) <= MAX_OPTION_BYTES && !paths.some((path) => /[\\:,"]/.test(path))) {
    mount("overlay", overlay.target, "overlay", flags, plain);
    return;
  }
  const fds = new Map<string, number>();
  try {
    for (const path of paths) if (!fds.has(path)) fds.set(path, openPath(path));
    const short = overlayOptions(overlay, (path) => String(fds.get(path)));
    atDirectory("/proc/self/fd", () => mount("overlay", overlay.target, "overlay", flags, short));
  } finally {
    for (const fd of fds.values()) closeSync(fd);
  }
}

function overlayOptions(overlay: OverlayMount, nameOf: (path: string) => string): string {
  const parts = [`lowerdir=${overlay.lowerDirs.map(nameOf).join(":")}`];
  if (overlay.upperDir) parts.push(`upperdir=${nameOf(overlay.upperDir)}`);
  if (overlay.workDir) parts.push(`workdir=${nameOf(overlay.workDir)}`);
  return [...parts, ...(overlay.options ?? [])].join(",");
}

/** O_PATH is not among Node's constants. */
const O_PATH = 0o10000000;

function openPath(path: string): number {
  return openSync(path, O_PATH | constants.O_DIRECTORY);
}

export interface MountInfo {
  id: number;
  parentId: number;
  /** `8:1`. */
  device: string;
  /** The directory of the file system that is mounted here. */
  root: string;
  mountPoint: string;
  options: string[];
  /** `shared:3`, `master:1`, `unbindable`, … */
  propagation: string[];
  fsType: string;
  source: string;
  superOptions: string[];
}

/** The mounts of a mount namespace (this thread's, or a process's), in the order of mounting (proc(5), mountinfo). */
export function listMounts(pid?: number): MountInfo[] {
  const text = readFileSync(`/proc/${pid ?? "thread-self"}/mountinfo`, "utf8");
  return text.split("\n").filter(Boolean).map(parseMountInfo);
}

function parseMountInfo(line: string): MountInfo {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", 6);
  return {
    id: Number(fields[0]),
    parentId: Number(fields[1]),
    device: fields[2]!,
    root: unescapeMountPath(fields[3]!),
    mountPoint: unescapeMountPath(fields[4]!),
    options: fields[5]!.split(","),
    propagation: fields.slice(6, dash),
    fsType: fields[dash + 1]!,
    source: unescapeMountPath(fields[dash + 2]!),
    superOptions: fields
      .slice(dash + 3)
      .join(" ")
      .split(","),
  };
}

/** The kernel writes space, tab, newline and backslash of paths as octal escapes, byte by byte. */
function unescapeMountPath(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Makes `dir` a mount of its own that passes mounts and unmounts below it on to copies of the mount namespace.
 * Nothing happens when it already is one.
 */
export function ensureSharedMount(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const present = listMounts().findLast((entry) => entry.mountPoint === dir);
  if (present?.propagation.some((tag) => tag.startsWith("shared:"))) return;
  if (!present) {
    mount(dir, dir, null, MountFlag.BIND | MountFlag.REC);
    // First private, so that the bind is not itself passed on to where its parent would pass it.
    mount("none", dir, null, MountFlag.PRIVATE);
  }
  mount("none", dir, null, MountFlag.SHARED);
}

/** Detaches everything that is mounted at or below `dir`, the newest first. */
export function unmountTree(dir: string): void {
  const prefix = dir.endsWith("/") ? dir : `${dir}/`;
  const inTree = listMounts().filter(
    (entry) => entry.mountPoint === dir || entry.mountPoint.startsWith(prefix),
  );
  for (const entry of inTree.reverse()) {
    try {
      unmount(entry.mountPoint, { detach: true });
    } catch (error) {
      // Gone already: with a mount above it, or by propagation.
      if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
    }
  }
}

/** Whether something is mounted exactly at `path`. */
export function isMountPoint(path: string): boolean {
  return listMounts().some((entry) => entry.mountPoint === path);
}

/** The mount that holds `path`, which must have no links in it. */
export function fileSystemOf(path: string): MountInfo | undefined {
  const mounts = listMounts();
  for (let dir = path; ; dir = dirname(dir)) {
    const found = mounts.findLast((entry) => entry.mountPoint === dir);
    if (found || dir === "/" || dir === ".") return found;
  }
}

/** Whether a mount can be made read-only with all mounts below it: mount_setattr(2) is in Linux since 5.12. */
export function mountsRecursivelyReadOnly(): boolean {
  const [major = 0, minor = 0] = hostInfo()
    .kernelVersion.split(".")
    .map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 12);
}
