import { chmod, chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, makeDirectoryDurably, newHexId, readRecord, shortHash } from "../../base/index.ts";
import { writeFileDurably } from "../../content/index.ts";
import { CacheSharing } from "../llb/messages.ts";

/** `<id>/cache.json`. */
interface CacheFile {
  version: 1;
  /** The mount's name with what it was filled with: mounts of equal keys share. */
  key: string;
  name: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  usageCount: number;
}

interface Cache extends CacheFile {
  id: string;
  users: number;
}

export interface CacheMountUsage {
  id: string;
  name: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  usageCount: number;
  inUse: boolean;
}

/**
 * Directories that RUN steps keep from build to build (`--mount=type=cache`):
 *
 *     <dir>/<id>/cache.json   what it is of
 *     <dir>/<id>/data/        what steps wrote
 */
export class CacheMounts {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #caches = new Map<string, Cache>();
  /** Those who wait for one that is locked, by key. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor({ dir, clock }: { dir: string; clock: Clock }) {
    this.#dir = dir;
    this.#clock = clock;
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    for (const id of await readdir(this.#dir)) {
      const file = await readRecord<CacheFile>(join(this.#dir, id, "cache.json"));
      if (file.state === "present") this.#caches.set(id, { ...file.record, id, users: 0 });
      else if (file.state !== "unreadable") await rm(join(this.#dir, id), { recursive: true, force: true });
    }
  }

  /**
   * A directory for one step. Shared: with whoever else uses it; private: a second user gets one of his own; locked: the second user
   * waits. `fill` is called for a new one with its directory.
   */
  async take(
    request: {
      name: string;
      key: string;
      sharing: number;
      attributes: { uid: number; gid: number; mode: number };
    },
    fill: (dir: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<{ dir: string; release(): Promise<void> }> {
    const key = shortHash(JSON.stringify([request.name, request.key]), 32);
    const cache = await this.#choose(key, request, fill, signal);
    return {
      dir: join(this.#dir, cache.id, "data"),
      release: async () => {
        cache.users--;
        cache.lastUsedAtMs = this.#clock.nowMs();
        cache.usageCount++;
        if (cache.users === 0) for (const wake of this.#waiting.get(key)?.splice(0) ?? []) wake();
        await this.#save(cache).catch(() => {});
      },
    };
  }

  async #choose(
    key: string,
    request: Parameters<CacheMounts["take"]>[0],
    fill: (dir: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Cache> {
    for (;;) {
      signal.throwIfAborted();
      const known = [...this.#caches.values()].filter((one) => one.key === key);
      const free = known.find(({ users }) => users === 0);
      const chosen = request.sharing === CacheSharing.SHARED ? (free ?? known[0]) : free;
      if (chosen) {
        chosen.users++;
        return chosen;
      }
      if (request.sharing === CacheSharing.LOCKED && known.length > 0) await this.#untilFree(key, signal);
      else return this.#make(key, request, fill);
    }
  }

  #untilFree(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(key) ?? [];
      this.#waiting.set(key, waiting);
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      waiting.push(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
    });
  }

  async #make(
    key: string,
    { name, attributes }: Parameters<CacheMounts["take"]>[0],
    fill: (dir: string) => Promise<void>,
  ): Promise<Cache> {
    const nowMs = this.#clock.nowMs();
    const id = newHexId().slice(0, 25);
    const cache: Cache = {
      version: 1,
      key,
      name,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      usageCount: 0,
      id,
      users: 1,
    };
    // Known at once: who asks for it next shares it or waits.
    this.#caches.set(id, cache);
    const data = join(this.#dir, id, "data");
    try {
      await mkdir(data, { recursive: true, mode: 0o755 });
      await chown(data, attributes.uid, attributes.gid);
      await chmod(data, attributes.mode);
      await fill(data);
      await this.#save(cache);
      return cache;
    } catch (error) {
      this.#caches.delete(id);
      await rm(join(this.#dir, id), { recursive: true, force: true });
      throw error;
    }
  }

  async #save({ id, users: _users, ...file }: Cache): Promise<void> {
    await writeFileDurably(join(this.#dir, id, "cache.json"), JSON.stringify(file));
  }

  list(): CacheMountUsage[] {
    return [...this.#caches.values()].map(({ users, ...cache }) => ({ ...cache, inUse: users > 0 }));
  }

  async sizeOf(id: string): Promise<number> {
    return sizeBelow(join(this.#dir, id, "data"));
  }

  /** False where it is in use: then it stays. */
  async remove(id: string): Promise<boolean> {
    const cache = this.#caches.get(id);
    if (!cache || cache.users > 0) return false;
    this.#caches.delete(id);
    await rm(join(this.#dir, id), { recursive: true, force: true });
    return true;
  }
}

async function sizeBelow(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const { size } = await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }));
    bytes += size;
  }
  return bytes;
}
