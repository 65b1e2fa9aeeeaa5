import { mkdir, opendir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  conflict,
  errnoCode,
  type GantryError,
  type Logger,
  makeDirectoryDurably,
  newHexId,
  notFound,
  readRecord,
  syncDirectory,
  writeFileDurably,
} from "../../base/index.ts";
import { usageOf } from "../../images/index.ts";
import { removeTree } from "../../kernel/index.ts";
import { invalidRequest, noSuchVolume } from "../errors.ts";
import { timestamp } from "../logs/timestamps.ts";
import type { VolumeRecord } from "../types.ts";
import { checkDriverOptions } from "./driver-options.ts";

interface StoredVolume {
  name: string;
  driver: string;
  createdAt: string;
  labels: Record<string, string> | null;
  options: Record<string, string> | null;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Says that a volume was made by a container for itself, as Docker marks it. */
export const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

/** Named volumes: `<dir>/<name>/volume.json` and the data in `<dir>/<name>/_data`. */
export class VolumeStore {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #volumes = new Map<string, StoredVolume>();
  readonly #leftAlone = new Map<string, GantryError>();

  constructor(dir: string, clock: Clock, logger: Logger) {
    this.#dir = dir;
    this.#clock = clock;
    this.#logger = logger;
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#dir)) {
      if (name.startsWith(".")) {
        await removeTree(join(this.#dir, name));
        continue;
      }
      const file = await readRecord<StoredVolume>(join(this.#dir, name, "volume.json"));
      if (file.state === "present") this.#volumes.set(name, file.record);
      if (file.state === "present" || file.state === "absent") continue;
      this.#leftAlone.set(name, file.error);
      this.#logger.error("a volume's record cannot be read; the volume is left alone", {
        volume: name,
        error: file.error.message,
      });
    }
  }

  /** Where the volume's data lie. */
  dataDir(name: string): string {
    return join(this.#dir, name, "_data");
  }

  has(name: string): boolean {
    return this.#volumes.has(name);
  }

  get(name: string): VolumeRecord {
    const stored = this.#volumes.get(name);
    if (!stored) throw noSuchVolume(name);
    return this.#present(stored);
  }

  list(): VolumeRecord[] {
    return [...this.#volumes.values()].map((stored) => this.#present(stored));
  }

  /** The existing volume of that name, or a new one. Without a name: a new one with a random name. */
  async create(request: {
    Name?: string;
    Driver?: string;
    DriverOpts?: Record<string, string> | null;
    Labels?: Record<string, string> | null;
  }): Promise<{ volume: VolumeRecord; created: boolean }> {
    const name = request.Name || newHexId();
    assertName(name);
    const driver = request.Driver || "local";
    if (driver !== "local") {
      throw notFound(
        `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
        {
          code: "Engine.NoSuchVolumeDriver",
        },
      );
    }
    checkDriverOptions(name, request.DriverOpts ?? {});
    const unreadable = this.#leftAlone.get(name);
    if (unreadable) throw unreadable;
    const existing = this.#volumes.get(name);
    if (existing) return { volume: this.#present(existing), created: false };
    const stored: StoredVolume = {
      name,
      driver,
      createdAt: timestamp(this.#clock.nowMs()).replace(/\.\d+Z$/, "Z"),
      labels: request.Labels ?? (request.Name ? null : { [ANONYMOUS_LABEL]: "" }),
      options: request.DriverOpts ?? null,
    };
    // Known at once, so that a second request for the name does not make it again.
    this.#volumes.set(name, stored);
    try {
      await mkdir(this.dataDir(name), { recursive: true, mode: 0o755 });
      await writeFileDurably(join(this.#dir, name, "volume.json"), JSON.stringify(stored));
      await syncDirectory(this.#dir);
    } catch (error) {
      this.#volumes.delete(name);
      throw error;
    }
    return { volume: this.#present(stored), created: true };
  }

  /** Deletes a volume and its data. */
  async remove(name: string): Promise<void> {
    if (!this.#volumes.delete(name)) throw noSuchVolume(name);
    // Moved first: whatever happens then, it is no volume any more.
    const moved = join(this.#dir, `.removed-${newHexId().slice(0, 12)}`);
    try {
      await rename(join(this.#dir, name), moved);
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return;
      throw error;
    }
    await syncDirectory(this.#dir);
    await removeTree(moved);
  }

  /** Makes sure that the data directory of a volume that is about to be mounted is there. */
  async ensureData(name: string): Promise<string> {
    const path = this.dataDir(name);
    await makeDirectoryDurably(path, 0o755);
    return path;
  }

  async isEmpty(name: string): Promise<boolean> {
    const directory = await opendir(this.dataDir(name));
    try {
      return (await directory.read()) === null;
    } finally {
      await directory.close();
    }
  }

  /** Bytes of all files in the volume. */
  async sizeBytes(name: string): Promise<number> {
    return (await usageOf(this.dataDir(name))).sizeBytes;
  }

  #present(stored: StoredVolume): VolumeRecord {
    return {
      Name: stored.name,
      Driver: stored.driver,
      Mountpoint: this.dataDir(stored.name),
      CreatedAt: stored.createdAt,
      Labels: stored.labels,
      Options: stored.options,
      Scope: "local",
    };
  }
}

export function assertName(name: string): void {
  if (NAME.test(name) && name.length >= 2 && Buffer.byteLength(name) <= 255) return;
  if (NAME.test(name) && name.length === 1) {
    throw invalidRequest(
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
  }
  throw invalidRequest(
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only ` +
      '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  );
}

export function volumeInUse(name: string, users: readonly string[]) {
  return conflict(`remove ${name}: volume is in use - [${users.join(", ")}]`, { code: "Engine.VolumeInUse" });
}
