import {
  chownSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  symlinkSync,
} from "node:fs";
import { chmod, mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newHexId } from "../../base/index.ts";
import type { RootfsMount } from "../../images/types.ts";
import { hasErrno, O_PATH, openAtRoot } from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot } from "../../runtime/index.ts";
import type { ContainerOwner } from "../types.ts";

const DIRECTORIES = ["dev", "proc", "sys"];
const FILES = ["etc/hostname", "etc/hosts", "etc/resolv.conf"];
/** By which programs recognise Docker's containers. */
const DOCKER_FILES = [".dockerenv"];
/** Docker's too: programs of old look there for what is mounted. */
const DOCKER_LINKS: Record<string, string> = { "etc/mtab": "/proc/mounts" };
const O_NOFOLLOW = 0o400000;

type Owner = ContainerOwner;

/**
 * A thin layer between image and container with the mount points that the image lacks, so that they are neither a change
 * of the container's (`docker diff`) nor part of an image that is made of it. One an image, made at the first need.
 */
export class InitLayers {
  readonly #dir: string;
  readonly #ready = new Map<string, Promise<string | undefined>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Layers stay from start to start: running containers have them mounted. */
  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith(".")) await rm(join(this.#dir, name), { recursive: true, force: true });
    }
  }

  /** Removes the layers of images that nobody has any more. */
  async collect(usedImageIds: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith(".") || usedImageIds.has(`sha256:${name.slice(0, 64)}`)) continue;
      this.#ready.delete(name);
      await rm(join(this.#dir, name), { recursive: true, force: true });
    }
  }

  /** The container's root with the layer in its place. */
  async apply(rootfs: RootfsMount, imageId: string, owner: Owner): Promise<RootfsMount> {
    if (rootfs.type !== "overlay") return rootfs;
    const key = `${imageId.replace(/^sha256:/, "")}-${owner}`;
    let layer = this.#ready.get(key);
    if (!layer) {
      layer = this.#make(key, rootfs.lowerDirs, owner);
      this.#ready.set(key, layer);
      layer.catch(() => this.#ready.delete(key));
    }
    const dir = await layer;
    return dir === undefined ? rootfs : { ...rootfs, lowerDirs: [dir, ...rootfs.lowerDirs] };
  }

  async #make(key: string, lowerDirs: string[], owner: Owner): Promise<string | undefined> {
    const final = join(this.#dir, key);
    if (existsSync(final)) return final;
    const temporary = join(this.#dir, `.${newHexId().slice(0, 12)}`);
    const target = join(temporary, "target");
    const layer = join(temporary, "layer");
    await mkdir(target, { recursive: true, mode: 0o711 });
    await mkdir(layer, { mode: 0o755 });
    const root = openMountedRoot({ type: "overlay", lowerDirs: atLeastTwo(lowerDirs, temporary) }, target);
    try {
      await fill(layer, root, owner);
    } finally {
      root.close();
    }
    const isEmpty = (await readdir(layer)).length === 0;
    if (!isEmpty) await rename(layer, final);
    await rm(temporary, { recursive: true, force: true });
    return isEmpty ? undefined : final;
  }
}

/** An overlay without an upper directory needs two lower ones. */
function atLeastTwo(lowerDirs: string[], temporary: string): string[] {
  if (lowerDirs.length > 1) return lowerDirs;
  const empty = join(temporary, "empty");
  mkdirSync(empty, { mode: 0o755 });
  return [...lowerDirs, empty];
}

async function fill(layer: string, root: MountedRoot, owner: Owner): Promise<void> {
  const parents: string[] = [];
  for (const path of DIRECTORIES) {
    if (!statOf(root, path)) mkdirSync(join(layer, path), { mode: 0o755 });
  }
  for (const path of owner === "docker" ? [...FILES, ...DOCKER_FILES, ...Object.keys(DOCKER_LINKS)] : FILES) {
    const parent = dirname(path);
    if (!isWanted(root, parent, path, owner)) continue;
    if (parent !== "." && !readdirSync(layer).includes(parent)) {
      mkdirSync(join(layer, parent), { mode: 0o755 });
      parents.push(parent);
    }
    makeFile(layer, path);
  }
  // The topmost layer says what a directory looks like: as in the image.
  for (const path of [...parents, "."]) await copyLook(join(layer, path), statOf(root, path));
}

/**
 * Whether the layer brings the file. Docker's containers have files of their own where the image has links, fifos or devices,
 * also for /etc itself: what the engine writes there must not land elsewhere. In pods links are followed inside the root.
 */
function isWanted(root: MountedRoot, parent: string, path: string, owner: Owner): boolean {
  const parentStat = statOf(root, parent);
  if (parentStat && !parentStat.isDirectory()) return owner === "docker";
  const stat = statOf(root, path);
  if (!stat) return true;
  return owner === "docker" && FILES.includes(path) && !stat.isFile() && !stat.isDirectory();
}

function makeFile(layer: string, path: string): void {
  const link = DOCKER_LINKS[path];
  if (link) symlinkSync(link, join(layer, path));
  else closeSync(openSync(join(layer, path), "wx", DOCKER_FILES.includes(path) ? 0o755 : 0o644));
}

async function copyLook(path: string, stat: Stats | undefined): Promise<void> {
  if (!stat?.isDirectory()) return;
  chownSync(path, stat.uid, stat.gid);
  await chmod(path, stat.mode & 0o7777);
  await utimes(path, stat.atime, stat.mtime);
}

function statOf(root: MountedRoot, path: string): Stats | undefined {
  let fd: number;
  try {
    fd = openAtRoot(root.fd, path, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
  try {
    return fstatSync(fd);
  } finally {
    closeSync(fd);
  }
}
