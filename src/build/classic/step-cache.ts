import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newHexId, presentOrUndefined, readRecord } from "../../base/index.ts";

/** Everything that the result of a step depends on; two steps with equal keys give the same image. */
export interface StepKey {
  parentId: string | undefined;
  instruction: string;
  inputs: readonly unknown[];
}

interface Entry {
  imageId: string;
}

/**
 * Which image a step led to, one small file a step under the hash of its key. An entry whose image is gone counts as
 * absent; a lost or torn entry costs a step done again, never a wrong one.
 */
export class StepCache {
  readonly #dir: string;
  readonly #imageExists: (id: string) => Promise<boolean>;

  constructor(dir: string, imageExists: (id: string) => Promise<boolean>) {
    this.#dir = dir;
    this.#imageExists = imageExists;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
  }

  async find(key: StepKey): Promise<string | undefined> {
    const entry = await this.#read(this.#path(key));
    return entry && (await this.#imageExists(entry.imageId)) ? entry.imageId : undefined;
  }

  async remember(key: StepKey, imageId: string): Promise<void> {
    const path = this.#path(key);
    const temporary = `${path}.${newHexId().slice(0, 12)}`;
    await writeFile(temporary, JSON.stringify({ imageId } satisfies Entry), { mode: 0o600 });
    await rename(temporary, path);
  }

  /** Forgets steps: those whose image is gone, or all. Returns the names of what was forgotten. */
  async prune(all: boolean): Promise<string[]> {
    const forgotten: string[] = [];
    for (const name of await readdir(this.#dir)) {
      const path = join(this.#dir, name);
      const entry = await this.#read(path);
      if (!all && entry && (await this.#imageExists(entry.imageId))) continue;
      await rm(path, { force: true });
      if (entry) forgotten.push(name.replace(/\.json$/, ""));
    }
    return forgotten;
  }

  #path(key: StepKey): string {
    const text = JSON.stringify([key.parentId ?? "", key.instruction, key.inputs]);
    return join(this.#dir, `${createHash("sha256").update(text).digest("hex")}.json`);
  }

  async #read(path: string): Promise<Entry | undefined> {
    const value: unknown = presentOrUndefined(await readRecord(path));
    const imageId = (value as Partial<Entry> | null | undefined)?.imageId;
    return typeof imageId === "string" ? { imageId } : undefined;
  }
}
