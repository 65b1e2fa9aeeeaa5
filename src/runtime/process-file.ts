import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { presentOrUndefined, readRecordSync } from "../base/index.ts";

/** What must be known of a container to find it again. Need not outlive the machine: no fsync. */
export interface ProcessFile {
  id: string;
  bundleDir: string;
  rootfsDir: string;
  cgroupPath: string;
  /** Processes of an earlier boot are gone, whatever their numbers. */
  bootId: string;
  terminal: boolean;
  /** Absent until the runtime has made the container. */
  pid?: number;
  startTime?: number;
  monitorPid?: number;
  monitorStartTime?: number;
}

/** One small JSON file a container. */
export class ProcessFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  open(): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#dir)) {
      if (name.endsWith(".tmp")) rmSync(join(this.#dir, name), { force: true });
    }
  }

  write(file: ProcessFile): void {
    const path = this.#path(file.id);
    writeFileSync(`${path}.tmp`, JSON.stringify(file), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }

  read(id: string): ProcessFile | undefined {
    return presentOrUndefined(readRecordSync<ProcessFile>(this.#path(id)));
  }

  remove(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  list(): string[] {
    return readdirSync(this.#dir)
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -5));
  }

  #path(id: string): string {
    return join(this.#dir, `${id}.json`);
  }
}
