import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { storageError } from "./storage-error.ts";

/** Makes a directory's entries (what was created, renamed or removed in it) durable. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: after a crash or a power cut there is the old or the new content, never a mixture. */
export async function writeFileDurably(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageError(error, `write ${path}`);
  }
}

/** `mkdir -p` of one level below an existing directory, durable. Returns quickly when it is there. */
export async function makeDirectoryDurably(dir: string): Promise<void> {
  const made = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncDirectory(dirname(dir));
}

/**
 * One JSON file that many callers change. A change is made in memory by its owner; `save` then resolves once a write that
 * began after it is durable. Callers that wait at the same time share one write.
 */
export class DurableJsonFile {
  readonly #path: string;
  readonly #value: () => unknown;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string, value: () => unknown) {
    this.#path = path;
    this.#value = value;
  }

  save(): Promise<void> {
    if (!this.#running) {
      this.#running = this.#write();
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#running = this.#write();
        return this.#running;
      });
    return this.#next;
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running) await (this.#next ?? this.#running).catch(() => {});
  }

  async #write(): Promise<void> {
    try {
      await writeFileDurably(this.#path, `${JSON.stringify(this.#value())}\n`);
    } finally {
      if (!this.#next) this.#running = undefined;
    }
  }
}
