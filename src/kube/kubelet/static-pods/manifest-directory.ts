import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errnoCode, errorMessage, type Logger } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";
import { podKey } from "../naming.ts";
import { readManifest } from "./read-manifest.ts";

const MAX_BYTES = 10 * 2 ** 20;

interface KnownFile {
  /** Differs when the file has been written to or replaced. */
  stamp: string;
  /** Undefined where the file is no pod. */
  pod: Pod | undefined;
}

export interface ManifestDirectoryOptions {
  dir: string;
  nodeName: string;
  logger: Logger;
  clock: Clock;
}

/** The pods that the files of a directory ask for. */
export class ManifestDirectory {
  readonly #options: ManifestDirectoryOptions;
  #known = new Map<string, KnownFile>();
  #lastFailure = "";

  constructor(options: ManifestDirectoryOptions) {
    this.#options = options;
  }

  /**
   * By `namespace/name`. A directory that cannot be read keeps what it had; one that is not there has none; a file that is
   * no pod is told of, and its neighbours count. Names that begin with a dot are passed over.
   */
  async read(): Promise<Map<string, Pod>> {
    try {
      await this.#look();
      this.#lastFailure = "";
    } catch (error) {
      const message = errorMessage(error);
      if (message !== this.#lastFailure)
        this.#options.logger.warn("static pods' files cannot be read, will retry", { error: message });
      this.#lastFailure = message;
    }
    const found = new Map<string, Pod>();
    for (const { pod } of this.#known.values())
      if (pod && !found.has(podKey(pod))) found.set(podKey(pod), pod);
    return found;
  }

  async #look(): Promise<void> {
    const known = new Map<string, KnownFile>();
    for (const name of await this.#names()) {
      const path = join(this.#options.dir, name);
      const stamp = await stampOf(path);
      if (stamp === undefined) continue;
      const before = this.#known.get(name);
      known.set(name, before?.stamp === stamp ? before : { stamp, pod: await this.#podIn(path) });
    }
    this.#known = known;
  }

  async #names(): Promise<string[]> {
    try {
      const names = await readdir(this.#options.dir);
      return names.filter((name) => !name.startsWith(".")).sort();
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  async #podIn(path: string): Promise<Pod | undefined> {
    const { nodeName, logger, clock } = this.#options;
    try {
      const bytes = await readFile(path);
      return readManifest(bytes, { path, nodeName, nowMs: clock.nowMs() });
    } catch (error) {
      logger.error("a static pod's file is not used", { file: path, error: errorMessage(error) });
      return undefined;
    }
  }
}

/** Undefined for what is no file of a sensible size. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const info = await stat(path, { bigint: true });
    if (!info.isFile() || info.size > BigInt(MAX_BYTES)) return undefined;
    return `${info.ino} ${info.size} ${info.mtimeNs}`;
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
