import { chmod, lstat, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, GantryError, makeDirectoryDurably, namesInDirectory } from "../../../base/index.ts";
import { listMounts, removeTree } from "../../../kernel/index.ts";

/** What a volume's directory is called, and nothing else is ever touched: upstream's names of provisioned volumes. */
const NAME = /^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Whoever a container runs as may write; the directory above is root's alone. */
const OPEN_TO_ALL = 0o777;

/** The directories of volumes below one that only root enters, so that nobody can put a link in the place of one. */
export class VolumeDirectories {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Where the volume lies; refuses a name that is no provisioned volume's. */
  pathOf(name: string): string {
    if (!NAME.test(name)) throw refused(`${JSON.stringify(name)} is no name of a volume that is made here`);
    return join(this.#root, name);
  }

  /** Makes the directory; one that is there is taken as it is. */
  async create(name: string): Promise<string> {
    const path = this.pathOf(name);
    await makeDirectoryDurably(this.#root);
    await makeDirectoryDurably(path);
    if (!(await lstat(path)).isDirectory()) throw refused(`${path} is not a directory`);
    await chmod(path, OPEN_TO_ALL);
    return path;
  }

  /** Removes the directory with all that is in it, unless something else is mounted there. */
  async remove(name: string): Promise<void> {
    const path = this.pathOf(name);
    const mounted = listMounts().find(
      ({ mountPoint }) => mountPoint === path || mountPoint.startsWith(`${path}/`),
    );
    if (mounted) {
      throw new GantryError("Conflict", `${mounted.mountPoint} is still mounted`, {
        code: "Provisioner.VolumeBusy",
      });
    }
    await removeTree(path);
  }

  /** Removes a directory that was made and never used. */
  async removeEmpty(name: string): Promise<void> {
    try {
      await rmdir(this.pathOf(name));
    } catch (error) {
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errnoCode(error) ?? "")) throw error;
    }
  }

  async names(): Promise<string[]> {
    return (await namesInDirectory(this.#root)).filter((name) => NAME.test(name));
  }
}

const refused = (message: string) =>
  new GantryError("InvalidArgument", message, { code: "Provisioner.Directory" });
