import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DeferredSaves, type Logger, notFound, readRecord, writeFileDurably } from "../base/index.ts";
import type { PodSandboxConfig } from "./types.ts";

/** What is kept of a sandbox, as JSON in `<dir>/<id>/sandbox.json`; its resolv.conf and hostname files stand beside it. */
export interface SandboxRecord {
  id: string;
  config: PodSandboxConfig;
  state: "ready" | "notready";
  createdAtMs: number;
  /** Empty with the host's network; kept after the sandbox has stopped, for those who ask what it was. */
  ip: string;
  /** Files of the pinned namespaces; absent ones are the host's. */
  namespaces: { net?: string; ipc?: string; uts?: string };
  /** Shared /dev/shm of the pod's containers. */
  shmDir?: string;
}

/** Sandbox records in memory, written through to disk before a change counts. */
export class SandboxStore {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #records = new Map<string, SandboxRecord>();
  readonly #leftAlone = new Set<string>();
  readonly #deferred: DeferredSaves;

  constructor(dir: string, logger: Logger) {
    this.#dir = dir;
    this.#logger = logger;
    this.#deferred = new DeferredSaves({ what: "sandbox", logger });
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o711 });
    for (const id of await readdir(this.#dir)) {
      const file = await readRecord<SandboxRecord>(this.#recordPath(id));
      if (file.state === "present") this.#records.set(id, file.record);
      if (file.state === "unreadable") this.#leftAlone.add(id);
      if (file.state === "unreadable" || file.state === "damaged") {
        const what =
          file.state === "unreadable" ? "cannot be read and is left alone" : "is damaged and dropped";
        this.#logger.error(`a pod sandbox's record ${what}`, { sandbox: id, error: file.error.message });
      }
      // The directory is made before the record: without one, nothing was promised to anybody.
      if (file.state === "absent" || file.state === "damaged")
        await rm(this.directory(id), { recursive: true, force: true });
    }
  }

  /** Sandboxes of which nobody knows more than the id: what they have must not be taken for leftovers. */
  get leftAlone(): ReadonlySet<string> {
    return this.#leftAlone;
  }

  get(id: string): SandboxRecord | undefined {
    return this.#records.get(id);
  }

  list(): Iterable<SandboxRecord> {
    return this.#records.values();
  }

  directory(id: string): string {
    return join(this.#dir, id);
  }

  /** Durable when it resolves. */
  async save(record: SandboxRecord): Promise<void> {
    const dir = this.directory(record.id);
    await mkdir(dir, { recursive: true, mode: 0o711 });
    const path = this.#recordPath(record.id);
    await writeFileDurably(path, JSON.stringify(record), { temporary: `${path}.new` });
    this.#records.set(record.id, record);
  }

  /** For what happens in any case: true at once, and saved later where the disk is full. */
  async saveOrDefer(record: SandboxRecord): Promise<void> {
    this.#records.set(record.id, record);
    await this.#deferred.saveOrDefer(record.id, async () => {
      const current = this.#records.get(record.id);
      if (current) await this.save(current);
    });
  }

  async delete(id: string): Promise<void> {
    this.#deferred.forget(id);
    await rm(this.directory(id), { recursive: true, force: true });
    this.#records.delete(id);
  }

  #recordPath(id: string): string {
    return join(this.directory(id), "sandbox.json");
  }
}

/** The record of a sandbox that must exist. */
export function sandboxOf(store: SandboxStore, id: string): SandboxRecord {
  const record = store.get(id);
  if (!record) throw notFound(`pod sandbox ${id} not found`, { code: "Cri.SandboxNotFound" });
  return record;
}
