import { GantryError } from "../../base/index.ts";
import { hasErrno, isMountPoint, unmount } from "../../kernel/index.ts";
import { Mutex } from "../mutex.ts";
import { mountVolume, needsMount } from "./driver-options.ts";
import type { VolumeStore } from "./volume-store.ts";

/**
 * What volumes with options of their driver have mounted: from their first user to their last one. Who uses one is known by
 * name, so that a run that is adopted after a crash counts once, and an end that is told twice does no harm.
 */
export class VolumeMounts {
  readonly #volumes: VolumeStore;
  readonly #users = new Map<string, Set<string>>();
  readonly #locks = new Map<string, Mutex>();

  constructor(volumes: VolumeStore) {
    this.#volumes = volumes;
  }

  /** The volume's data are in place when this resolves, until `release` by the same user. */
  async hold(name: string, user: string): Promise<void> {
    await this.#volumes.ensureData(name);
    const { Options, Mountpoint } = this.#volumes.get(name);
    if (!needsMount(Options)) return;
    await this.#lock(name).run(async () => {
      if (!isMountPoint(Mountpoint)) await this.#mount(Options, Mountpoint);
      this.#usersOf(name).add(user);
    });
  }

  /** Of a run that was going on before the program was started. */
  adopt(name: string, user: string): void {
    if (this.#needsMount(name)) this.#usersOf(name).add(user);
  }

  async release(name: string, user: string): Promise<void> {
    const users = this.#users.get(name);
    if (!users?.has(user)) return;
    await this.#lock(name).run(async () => {
      users.delete(user);
      if (users.size === 0) this.#unmount(name);
    });
  }

  /** Runs `fn` while the volume's data are in place. */
  async using<T>(name: string, user: string, fn: () => Promise<T>): Promise<T> {
    await this.hold(name, user);
    try {
      return await fn();
    } finally {
      await this.release(name, user);
    }
  }

  /** After those that run were adopted: takes away what a crash has left. */
  async releaseUnused(): Promise<void> {
    for (const { Name } of this.#volumes.list()) {
      if (!this.#needsMount(Name)) continue;
      await this.#lock(Name).run(async () => {
        if (this.#usersOf(Name).size === 0) this.#unmount(Name);
      });
    }
  }

  /** Before the volume is deleted: what is mounted there is not its own to delete. */
  async forget(name: string): Promise<void> {
    if (!this.#needsMount(name)) return;
    await this.#lock(name).run(async () => this.#unmount(name));
    this.#users.delete(name);
    this.#locks.delete(name);
  }

  async #mount(options: Record<string, string>, target: string): Promise<void> {
    try {
      await mountVolume(options, target);
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      throw new GantryError(error.kind, `error while mounting volume '${target}': ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
  }

  #unmount(name: string): void {
    const target = this.#volumes.dataDir(name);
    while (isMountPoint(target)) {
      try {
        unmount(target, { detach: true });
      } catch (error) {
        if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
      }
    }
  }

  #needsMount(name: string): boolean {
    return this.#volumes.has(name) && needsMount(this.#volumes.get(name).Options);
  }

  #usersOf(name: string): Set<string> {
    const users = this.#users.get(name) ?? new Set<string>();
    this.#users.set(name, users);
    return users;
  }

  #lock(name: string): Mutex {
    const lock = this.#locks.get(name) ?? new Mutex();
    this.#locks.set(name, lock);
    return lock;
  }
}
