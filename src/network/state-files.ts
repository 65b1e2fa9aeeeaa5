import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { diskError, type GantryError, type Logger, readRecordSync } from "../base/index.ts";

/**
 * A folder of small JSON files, one a record. What is declared (networks) is written `durably`; what dies with the
 * machine anyway (endpoints, published ports) only has to survive the program, and is not waited for on the disk.
 */
export class StateFiles<T> {
  readonly #dir: string;
  readonly #durable: boolean;
  readonly #logger: Logger;

  constructor(dir: string, options: { durable: boolean; logger: Logger }) {
    this.#dir = dir;
    this.#logger = options.logger;
    this.#durable = options.durable;
  }

  /**
   * All records. One that cannot be read ends the start: what it holds (an address, a range, a port) would be given out a second time. A
   * torn one of what dies with the machine is removed, one of what is declared is kept aside, as `<name>.damaged`.
   */
  load(): T[] {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const records: T[] = [];
    for (const name of readdirSync(this.#dir)) {
      if (name.endsWith(".damaged")) continue;
      const path = join(this.#dir, name);
      const file = name.endsWith(".json") ? readRecordSync<T>(path) : undefined;
      if (file?.state === "unreadable") throw file.error;
      if (file?.state === "present") records.push(file.record);
      else if (file?.state === "damaged" && this.#durable) this.#keepAside(path, file.error);
      else rmSync(path, { force: true });
    }
    return records;
  }

  #keepAside(path: string, error: GantryError): void {
    renameSync(path, `${path}.damaged`);
    this.#logger.error("a record is damaged and left out", { error: error.message, kept: `${path}.damaged` });
  }

  save(key: string, record: T): void {
    const path = join(this.#dir, `${key}.json`);
    const temporary = `${path}.new`;
    try {
      const fd = openSync(temporary, "w", 0o600);
      try {
        writeFileSync(fd, JSON.stringify(record));
        if (this.#durable) fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
      if (this.#durable) this.#syncDir();
    } catch (error) {
      rmSync(temporary, { force: true });
      throw diskError(error, `write ${path}`) ?? error;
    }
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
