import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode, errorMessage, type Logger, notFound, writeFileDurably } from "../base/index.ts";
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

  constructor(dir: string, logger: Logger) {
    this.#dir = dir;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o711 });
    for (const id of await readdir(this.#dir)) {
      try {
        const record = JSON.parse(await readFile(this.#recordPath(id), "utf8")) as SandboxRecord;
        this.#records.set(id, record);
      } catch (error) {
        // The directory is made before the record: without one, nothing was promised to anybody.
        if (errnoCode(error) !== "ENOENT") {
          this.#logger.error("a pod sandbox's record is unreadable and is dropped", {
            sandbox: id,
            error: errorMessage(error),
          });
        }
        await rm(this.directory(id), { recursive: true, force: true });
      }
    }
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

  async delete(id: string): Promise<void> {
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
