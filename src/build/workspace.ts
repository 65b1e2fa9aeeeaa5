import { mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, isGantryError, type Logger, newHexId } from "../base/index.ts";
import type { ImageService } from "../images/types.ts";
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

export interface WorkspaceOptions {
  dir: string;
  images: Pick<ImageService, "prepareSnapshot" | "removeSnapshot">;
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
    for (const name of await readdir(this.#mountsDir)) await this.#removeMountPoint(name);
    for (const name of await readdir(this.#markersDir)) await this.cleanUp(name);
  }

  /** Prepares and mounts a snapshot over an image (undefined: an empty root). */
  async stepRoot(imageId: string | undefined): Promise<StepRoot> {
    const key = `build-${newHexId().slice(0, 32)}`;
    await this.mark(`snapshot.${key}`);
    try {
      const rootfs = await this.#options.images.prepareSnapshot(key, imageId);
      const mountPoint = join(this.#mountsDir, key);
      await mkdir(mountPoint, { mode: 0o700 });
      const root = openMountedRoot(rootfs, mountPoint);
      return { key, root, unmount: () => root.close(), dispose: () => this.#dispose(key, root) };
    } catch (error) {
      await this.cleanUp(`snapshot.${key}`);
      await this.#removeMountPoint(key);
      throw error;
    }
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
