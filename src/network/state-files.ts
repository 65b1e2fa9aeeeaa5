import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/**
 * A folder of small JSON files, one a record. What is declared (networks) is written `durably`; what dies with the
 * machine anyway (endpoints, published ports) only has to survive the program, and is not waited for on the disk.
 */
export class StateFiles<T> {
  readonly #dir: string;
  readonly #durable: boolean;

  constructor(dir: string, options: { durable: boolean }) {
    this.#dir = dir;
    this.#durable = options.durable;
  }

  /** All readable records; a file torn by a power cut is removed. */
  load(): T[] {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const records: T[] = [];
    for (const name of readdirSync(this.#dir)) {
      const path = join(this.#dir, name);
      try {
        if (!name.endsWith(".json")) throw new Error("left over");
        records.push(JSON.parse(readFileSync(path, "utf8")) as T);
      } catch {
        rmSync(path, { force: true });
      }
    }
    return records;
  }

  save(key: string, record: T): void {
    const path = join(this.#dir, `${key}.json`);
    const temporary = `${path}.new`;
    const fd = openSync(temporary, "w", 0o600);
    try {
      writeFileSync(fd, JSON.stringify(record));
      if (this.#durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    if (this.#durable) this.#syncDir();
  }

  remove(key: string): void {
    rmSync(join(this.#dir, `${key}.json`), { force: true });
    if (this.#durable) this.#syncDir();
  }

  #syncDir(): void {
    const fd = openSync(this.#dir, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}
