import { closeSync, constants, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, isGantryError, type Logger, newHexId } from "../base/index.ts";
import type { ImageService, RootfsMount, SnapshotBase } from "../images/types.ts";
import { isMountPoint, MountFlag, mount, mountOverlay, unmount } from "../kernel/index.ts";
import { type MountedRoot, openMountedRoot } from "../runtime/index.ts";

/** A writable root file system over an image, for one step. */
export interface StepRoot {
  /** Key of the snapshot, for `commit`. */
  key: string;
  /** Mounted where only this program sees it. */
  root: MountedRoot;
  /** Unmounts; the snapshot stays until `dispose`. */
  unmount(): void;
  dispose(): Promise<void>;
}

/** A snapshot that is not mounted. */
export interface StepSnapshot {
  key: string;
  rootfs: RootfsMount;
  /** Its upper directory. */
  dir: string;
  dispose(): Promise<void>;
}

export interface WorkspaceOptions {
  dir: string;
  images: Pick<ImageService, "prepareSnapshot" | "removeSnapshot" | "layersMount">;
  /** Removes a container of an earlier, killed build. */
  removeContainer: (id: string) => Promise<void>;
  logger: Logger;
}

/**
 * Directories and snapshots that builds use while they run:
 *
 *     contexts/   unpacked build contexts and downloads
 *     mounts/     empty directories to mount on
 *     markers/    one file a snapshot or container in use, so that a later start can remove what a killed one left
 */
export class Workspace {
  readonly contextsDir: string;
  readonly #options: WorkspaceOptions;
  readonly #mountsDir: string;
  readonly #markersDir: string;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    this.contextsDir = join(options.dir, "contexts");
    this.#mountsDir = join(options.dir, "mounts");
    this.#markersDir = join(options.dir, "markers");
  }

  async open(): Promise<void> {
    for (const dir of [this.contextsDir, this.#mountsDir, this.#markersDir]) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
    }
    for (const name of await readdir(this.contextsDir)) {
      await rm(join(this.contextsDir, name), { recursive: true, force: true });
    }
    // What a killed program had mounted for its containers.
    for (const name of await readdir(this.#mountsDir)) {
      if (isMountPoint(join(this.#mountsDir, name))) unmount(join(this.#mountsDir, name), { detach: true });
      await this.#removeMountPoint(name);
    }
    for (const name of await readdir(this.#markersDir)) await this.cleanUp(name);
  }

  /** Prepares and mounts a snapshot over an image or layers (undefined: an empty root). */
  async stepRoot(base: SnapshotBase): Promise<StepRoot> {
    return this.mountStep(await this.snapshot(base));
  }

  /** A snapshot over an image or layers that is not mounted yet: what is in its directory is what is new. */
  async snapshot(base: SnapshotBase): Promise<StepSnapshot> {
    const key = `build-${newHexId().slice(0, 32)}`;
    await this.mark(`snapshot.${key}`);
    const dispose = () => this.cleanUp(`snapshot.${key}`);
    try {
      const rootfs = await this.#options.images.prepareSnapshot(key, base);
      return { key, rootfs, dir: rootfs.upperDir!, dispose };
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  /** Mounts it; disposed of when that fails. */
  async mountStep({ key, rootfs, dispose }: StepSnapshot): Promise<StepRoot> {
    try {
      const mountPoint = join(this.#mountsDir, key);
      await mkdir(mountPoint, { mode: 0o700 });
      const root = openMountedRoot(rootfs, mountPoint);
      return { key, root, unmount: () => root.close(), dispose: () => this.#dispose(key, root) };
    } catch (error) {
      await dispose();
      await this.#removeMountPoint(key);
      throw error;
    }
  }

  /** Mounts layers where only this program sees them, to read. */
  async readRoot(layers: readonly string[]): Promise<{ fd: number; close(): void }> {
    const rootfs = this.#options.images.layersMount(layers);
    const mountPoint = join(this.#mountsDir, `read-${newHexId().slice(0, 32)}`);
    await mkdir(mountPoint, { mode: 0o700 });
    try {
      const { fd, close } = openMountedRoot(rootfs, mountPoint);
      return { fd, close };
    } finally {
      // The mount is in a namespace of its own, where the directory stays.
      await rmdir(mountPoint);
    }
  }

  /** Mounts layers where containers can be given parts of them, read-only. */
  async sharedRoot(layers: readonly string[]): Promise<{ path: string; dispose(): Promise<void> }> {
    const { lowerDirs, type } = this.#options.images.layersMount(layers);
    return this.#mounted("shared", (target) => {
      if (type === "bind") mount(lowerDirs[0]!, target, null, MountFlag.BIND);
      else mountOverlay({ lowerDirs, target });
    });
  }

  /** A snapshot over layers, mounted where containers can be given parts of it to write to. */
  async sharedSnapshot(layers: readonly string[]): Promise<{
    key: string;
    path: string;
    unmount(): Promise<void>;
    dispose(): Promise<void>;
  }> {
    const key = `build-${newHexId().slice(0, 32)}`;
    await this.mark(`snapshot.${key}`);
    try {
      const { lowerDirs, upperDir, workDir } = await this.#options.images.prepareSnapshot(key, { layers });
      const mounted = await this.#mounted("shared", (target) =>
        mountOverlay({ lowerDirs, upperDir, workDir, target }),
      );
      const dispose = async () => {
        await mounted.dispose();
        await this.cleanUp(`snapshot.${key}`);
      };
      return { key, path: mounted.path, unmount: mounted.dispose, dispose };
    } catch (error) {
      await this.cleanUp(`snapshot.${key}`);
      throw error;
    }
  }

  /** A directory in memory: what is in it is never on a disk. */
  async memoryDirectory(): Promise<{ path: string; dispose(): Promise<void> }> {
    const flags = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC;
    return this.#mounted("memory", (target) => mount("tmpfs", target, "tmpfs", flags, "mode=0711,size=16m"));
  }

  async #mounted(
    kind: string,
    make: (target: string) => void,
  ): Promise<{ path: string; dispose(): Promise<void> }> {
    const name = `${kind}-${newHexId().slice(0, 32)}`;
    const path = join(this.#mountsDir, name);
    await mkdir(path, { mode: 0o700 });
    try {
      make(path);
    } catch (error) {
      await this.#removeMountPoint(name);
      throw error;
    }
    let isThere = true;
    const dispose = async () => {
      if (!isThere) return;
      isThere = false;
      unmount(path, { detach: true });
      await this.#removeMountPoint(name);
    };
    return { path, dispose };
  }

  openDirectory(path: string): { fd: number; close(): void } {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return { fd, close: () => closeSync(fd) };
  }

  /** An empty directory of a build's that goes with it, or with the next start. */
  async scratchDirectory(): Promise<{ dir: string; dispose(): Promise<void> }> {
    const dir = await mkdtemp(join(this.contextsDir, "scratch-"));
    return { dir, dispose: () => rm(dir, { recursive: true, force: true }) };
  }

  /** Notes something that has to go if the program is killed now. */
  async mark(name: string): Promise<void> {
    await writeFile(join(this.#markersDir, name), "", { mode: 0o600 });
  }

  async unmark(name: string): Promise<void> {
    await rm(join(this.#markersDir, name), { force: true });
  }

  async #dispose(key: string, root: MountedRoot): Promise<void> {
    root.close();
    await this.#removeMountPoint(key);
    await this.cleanUp(`snapshot.${key}`);
  }

  async #removeMountPoint(name: string): Promise<void> {
    await rmdir(join(this.#mountsDir, name)).catch((error) => {
      if (errnoCode(error) !== "ENOENT") this.#options.logger.warn("mount point stays", { name, error });
    });
  }

  /** Removes what a marker stands for, and the marker. */
  async cleanUp(marker: string): Promise<void> {
    const [kind, id = ""] = marker.split(".");
    try {
      if (kind === "snapshot") await this.#options.images.removeSnapshot(id);
      else if (kind === "container") await this.#options.removeContainer(id);
      await this.unmark(marker);
    } catch (error) {
      if (isGantryError(error, "NotFound")) await this.unmark(marker);
      else this.#options.logger.warn("cannot remove what a build left behind", { marker, error });
    }
  }
}
