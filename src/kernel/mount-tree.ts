import { closeSync, fstatSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, koffi } from "./libc.ts";
import { MountFlag, mount } from "./mount.ts";

const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

interface MountTreeLibrary {
  openTree(number: number, dirfd: number, path: string, flags: number): number;
  moveMount(
    number: number,
    from: number,
    fromPath: string,
    to: number,
    toPath: string,
    flags: number,
  ): number;
}

let bound: MountTreeLibrary | undefined;

function library(): MountTreeLibrary {
  if (bound) return bound;
  const libc = koffi().load("libc.so.6");
  bound = {
    openTree: libc.func("syscall", "long", ["long", "int", "const char *", "uint"]) as never,
    moveMount: libc.func("syscall", "long", [
      "long",
      "int",
      "const char *",
      "int",
      "const char *",
      "uint",
    ]) as never,
  };
  return bound;
}

/**
 * Copies of what is mounted at paths, with all mounts below, that stay one with the originals: what is later mounted in one
 * appears in the other, if the original is a shared mount (mount_namespaces(7)). They stand nowhere until they are attached.
 */
export class SharedTrees {
  readonly #fds: number[] = [];

  constructor(paths: readonly string[]) {
    try {
      for (const path of paths) {
        const flags = OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC;
        const fd = Number(library().openTree(SYS_OPEN_TREE, AT_FDCWD, path, flags));
        this.#fds.push(check(fd, `copy the mounts at ${path}`, { path }));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Mounts a small file system at `dir`, and in it the copies as `0`, `1`, … in the order of their paths. */
  attach(dir: string): void {
    mount("tmpfs", dir, "tmpfs", MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC, "mode=700,size=64k");
    for (const [index, fd] of this.#fds.entries()) {
      const target = join(dir, String(index));
      if (fstatSync(fd).isDirectory()) mkdirSync(target);
      else writeFileSync(target, "");
      const moved = library().moveMount(SYS_MOVE_MOUNT, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
      check(Number(moved), `mount ${target}`, { target });
    }
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }
}
