import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, newHexId, shortHash } from "../../base/index.ts";
import type { ClientSession } from "../session/types.ts";
import { LocalDirectory } from "./local-directory.ts";
import type { LocalRequest } from "./local-request.ts";
import type { LocalTree } from "./local-tree.ts";
import { receiveFiles } from "./receive-files.ts";

interface Kept {
  directory: LocalDirectory;
  uses: number;
  lastUsedAtMs: number;
  bytes: number;
  /** A second build of the same directory at the same time has one of its own, which goes with it. */
  isTemporary: boolean;
}

/**
 * Directories of clients, each kept from build to build under a key of the client's: what was sent before is not sent again. One that
 * is in use is not changed; who needs it at the same time gets a copy of his own.
 */
export class LocalSource {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor({ dir, clock }: { dir: string; clock: Clock }) {
    this.#dir = dir;
    this.#clock = clock;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith("tmp-")) await rm(join(this.#dir, name), { recursive: true, force: true });
    }
  }

  /** Receives a directory. The caller releases the tree by the function that `hold` returned for it. */
  async receive(
    session: ClientSession,
    request: LocalRequest,
    options: { signal: AbortSignal; onBytes: (bytes: number) => void },
  ): Promise<{ tree: LocalTree; release: () => void }> {
    const kept = await this.#take(session, request);
    const release = once(() => this.#release(kept));
    try {
      const sync = await session.openFiles(request, options.signal);
      const { bytes } = await receiveFiles(kept.directory, sync, {
        ...options,
        comparesMetadata: request.comparesMetadata,
      });
      kept.bytes += bytes;
      return { tree: this.#treeOf(kept), release };
    } catch (error) {
      // What is there now nobody knows.
      kept.isTemporary = true;
      release();
      throw error;
    }
  }

  async #take(session: ClientSession, request: LocalRequest): Promise<Kept> {
    const { name, sharedKeyHint } = request;
    const key =
      session.sharedKey === "" ? "" : shortHash(JSON.stringify([session.sharedKey, name, sharedKeyHint]), 32);
    const known = key === "" ? undefined : this.#kept.get(key);
    if (known && known.uses === 0 && !known.isTemporary) {
      known.uses++;
      return known;
    }
    const isTemporary = key === "" || known !== undefined;
    const id = isTemporary ? `tmp-${newHexId().slice(0, 16)}` : key;
    const directory = new LocalDirectory(join(this.#dir, id));
    const kept = { directory, uses: 1, lastUsedAtMs: this.#clock.nowMs(), bytes: 0, isTemporary };
    this.#kept.set(id, kept);
    await mkdir(directory.dir, { recursive: true, mode: 0o700 });
    await directory.open();
    return kept;
  }

  #treeOf(kept: Kept): LocalTree {
    const { directory } = kept;
    return {
      identity: newHexId(),
      dir: directory.tree,
      rootFd: directory.rootFd,
      entries: directory.entries,
      hold: () => {
        kept.uses++;
        return once(() => this.#release(kept));
      },
    };
  }

  #release(kept: Kept): void {
    kept.uses--;
    kept.lastUsedAtMs = this.#clock.nowMs();
    if (kept.uses > 0 || !kept.isTemporary) return;
    for (const [id, one] of this.#kept) if (one === kept) this.#kept.delete(id);
    void kept.directory.remove().catch(() => {});
  }

  close(): void {
    for (const { directory } of this.#kept.values()) directory.close();
  }

  /** What lies on the disk, with when it was used. */
  async list(): Promise<{ id: string; sizeBytes: number; lastUsedAtMs: number; inUse: boolean }[]> {
    const ids = await readdir(this.#dir);
    return Promise.all(
      ids.map(async (id) => {
        const kept = this.#kept.get(id);
        const { mtimeMs } = await stat(join(this.#dir, id));
        const entries = kept?.directory.entries.values() ?? (await entriesIn(join(this.#dir, id)));
        let sizeBytes = 0;
        for (const entry of entries) sizeBytes += entry.sizeBytes;
        return { id, sizeBytes, lastUsedAtMs: kept?.lastUsedAtMs ?? mtimeMs, inUse: (kept?.uses ?? 0) > 0 };
      }),
    );
  }

  /** Fine when it is in use: then it stays. */
  async remove(id: string): Promise<boolean> {
    const kept = this.#kept.get(id);
    if (kept && kept.uses > 0) return false;
    this.#kept.delete(id);
    kept?.directory.close();
    await rm(join(this.#dir, id), { recursive: true, force: true });
    return true;
  }
}

async function entriesIn(dir: string) {
  const directory = new LocalDirectory(dir);
  try {
    await directory.open();
    return [...directory.entries.values()];
  } finally {
    directory.close();
  }
}

function once(release: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    release();
  };
}
