import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";

// A file system of its own on a loop device, whose power can be cut. It lies on a real disk, never on tmpfs.

/** ext4's ioctl for a shutdown without flushing the journal: what was not synced is lost, as when the power fails. */
const EXT4_IOC_SHUTDOWN = 0x8004587d;
const NO_LOG_FLUSH = 2;
const MIB = 2 ** 20;

export class LoopDisk {
  readonly mountPoint: string;
  #image: string;
  #cuts = 0;
  readonly #commitSeconds: number;

  /** Needs root and a free loop device; throws where there is none. */
  constructor(workDir: string, { sizeMib, commitSeconds }: { sizeMib: number; commitSeconds: number }) {
    this.mountPoint = join(workDir, "disk");
    this.#image = join(workDir, "disk.img");
    this.#commitSeconds = commitSeconds;
    mkdirSync(this.mountPoint, { recursive: true });
    const fd = openSync(this.#image, "w");
    ftruncateSync(fd, sizeMib * MIB);
    closeSync(fd);
    execFileSync("mkfs.ext4", ["-q", "-F", this.#image]);
    this.#mount();
  }

  /** Everything that was not synced is gone. The process that used the disk must be dead before `restore`. */
  cut(): void {
    const libc = koffi.load(null);
    const ioctl = libc.func("int ioctl(int fd, unsigned long request, uint32_t *argument)");
    const fd = openSync(this.mountPoint, "r");
    try {
      if (ioctl(fd, EXT4_IOC_SHUTDOWN, [NO_LOG_FLUSH]) !== 0)
        throw new Error("the file system cannot be shut down");
    } finally {
      closeSync(fd);
    }
  }

  /**
   * As after the power is back. What is mounted is a copy of the image: the old file system may live on in the mount namespaces of
   * others that were made meanwhile, shut down as it is.
   */
  restore(): void {
    const image = `${this.#image.replace(/\.\d+$/, "")}.${++this.#cuts}`;
    execFileSync("cp", ["--sparse=always", this.#image, image]);
    execFileSync("umount", ["-l", this.mountPoint]);
    rmSync(this.#image);
    this.#image = image;
    this.#mount();
  }

  /** Leaves no byte free, until `free`. */
  fill(): void {
    const fd = openSync(join(this.mountPoint, "filler"), "w");
    const piece = Buffer.alloc(MIB);
    for (let size = MIB; size >= 4096; size /= 2) {
      try {
        for (;;) writeSync(fd, piece, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
    fsyncSync(fd);
    closeSync(fd);
  }

  free(): void {
    rmSync(join(this.mountPoint, "filler"), { force: true });
    execFileSync("sync", ["-f", this.mountPoint]);
  }

  dispose(): void {
    try {
      execFileSync("umount", [this.mountPoint]);
    } catch {
      execFileSync("umount", ["-l", this.mountPoint]);
    }
    rmSync(this.#image, { force: true });
  }

  #mount(): void {
    execFileSync("mount", ["-o", `loop,commit=${this.#commitSeconds}`, this.#image, this.mountPoint]);
  }
}
