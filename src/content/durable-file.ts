import * as base from "../base/index.ts";
import { storageError } from "./storage-error.ts";

/** As base's, with a full disk or a failing one told as the typed error that stores of images answer with. */
export async function writeFileDurably(path: string, data: string | Uint8Array): Promise<void> {
  try {
    await base.writeFileDurably(path, data);
  } catch (error) {
    throw storageError(error, `write ${path}`);
  }
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
