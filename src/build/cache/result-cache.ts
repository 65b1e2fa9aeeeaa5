import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  diskError,
  errorMessage,
  isGantryError,
  type Logger,
  makeDirectoryDurably,
  newHexId,
  readRecord,
} from "../../base/index.ts";
import type { ImageService } from "../../images/types.ts";
import type { TreeLayer } from "../solver/types.ts";

/** `<id>.json`: what an operation led to. */
export interface ResultRecord {
  version: 1;
  id: string;
  /** Under which it is found. */
  keys: string[];
  /** Layers of each output, bottom first. */
  outputs: TreeLayer[][];
  /** Layers that the operation made. */
  ownLayers: string[];
  description: string;
  recordType: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  usageCount: number;
  /** Of a download: what its server calls this state of it. */
  etag?: string;
}

export type NewResult = Pick<
  ResultRecord,
  "keys" | "outputs" | "ownLayers" | "description" | "recordType" | "etag"
>;

type Images = Pick<
  ImageService,
  "holdLayers" | "syncLayers" | "isLayerHeld" | "addLayerHolder" | "removeUnneededLayers" | "layerSize"
>;

/**
 * Results of operations by the keys of what they were made of, one file each in a directory. A record keeps its layers; one that is torn, or
 * whose layers are gone, costs an operation done again and never a wrong result.
 */
export class ResultCache {
  readonly #dir: string;
  readonly #images: Images;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #records = new Map<string, ResultRecord>();
  readonly #byKey = new Map<string, string>();
  /** How many records need a layer. */
  readonly #needs = new Map<string, number>();
  readonly #users = new Map<string, number>();
  readonly #touched = new Set<string>();
  #stopHolding: () => void = () => {};

  constructor(options: { dir: string; images: Images; clock: Clock; logger: Logger }) {
    this.#dir = options.dir;
    this.#images = options.images;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  async open(): Promise<void> {
    await makeDirectoryDurably(this.#dir);
    for (const name of await readdir(this.#dir)) await this.#load(name);
    this.#stopHolding = this.#images.addLayerHolder((diffId) => this.#needs.has(diffId));
  }

  async #load(name: string): Promise<void> {
    const path = join(this.#dir, name);
    const file = await readRecord(path, parseResult);
    if (file.state === "unreadable") {
      this.#logger.error("a build result's record cannot be read; it is left alone", {
        record: name,
        error: file.error.message,
      });
      return;
    }
    const isWhole =
      file.state === "present" &&
      `${file.record.id}.json` === name &&
      layersOf(file.record).every((diffId) => this.#images.layerSize(diffId) !== undefined);
    if (isWhole) this.#enter(file.record);
    else await rm(path, { force: true });
  }

  async close(): Promise<void> {
    await this.flush();
    this.#stopHolding();
  }

  /** What is known under one of these keys, in use until `release`. */
  find(keys: readonly string[]): { record: ResultRecord; release: () => void } | undefined {
    for (const key of keys) {
      const record = this.#records.get(this.#byKey.get(key) ?? "");
      const release = record && this.#use(record);
      if (record && release) return { record, release };
    }
    return undefined;
  }

  #use(record: ResultRecord): (() => void) | undefined {
    let letGo: () => void;
    try {
      letGo = this.#images.holdLayers(layersOf(record));
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
      // Somebody took the layers away: the record says nothing any more.
      void this.remove(record.id).catch(() => {});
      return undefined;
    }
    record.lastUsedAtMs = this.#clock.nowMs();
    record.usageCount++;
    this.#touched.add(record.id);
    this.#users.set(record.id, (this.#users.get(record.id) ?? 0) + 1);
    return () => {
      letGo();
      const left = this.#users.get(record.id)! - 1;
      if (left > 0) this.#users.set(record.id, left);
      else this.#users.delete(record.id);
    };
  }

  /** Remembers a result whose layers the caller holds; what its keys led to before is forgotten. */
  async put(result: NewResult): Promise<{ record: ResultRecord; release: () => void }> {
    const nowMs = this.#clock.nowMs();
    const record: ResultRecord = {
      version: 1,
      id: newRecordId(),
      ...result,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      usageCount: 0,
    };
    const before = result.keys.map((key) => this.#byKey.get(key));
    this.#enter(record);
    const release = this.#use(record)!;
    await this.#save(record);
    for (const id of new Set(before)) if (id !== undefined) await this.#forget(id, record.keys);
    return { record, release };
  }

  /** The same result is found under another key, too. */
  async addKeys(record: ResultRecord, keys: readonly string[]): Promise<void> {
    const added = keys.filter((key) => !record.keys.includes(key));
    if (added.length === 0 || !this.#records.has(record.id)) return;
    record.keys.push(...added);
    for (const key of added) this.#byKey.set(key, record.id);
    await this.#save(record);
  }

  async #forget(id: string, keys: readonly string[]): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    record.keys = record.keys.filter((key) => !keys.includes(key));
    if (record.keys.length > 0) await this.#save(record);
    else await this.remove(id);
  }

  all(): ResultRecord[] {
    return [...this.#records.values()];
  }

  isInUse({ id, ownLayers }: ResultRecord): boolean {
    return this.#users.has(id) || ownLayers.some((diffId) => this.#images.isLayerHeld(diffId));
  }

  /** Bytes of the layers that the operation made. */
  sizeOf({ ownLayers }: ResultRecord): number {
    return ownLayers.reduce((sum, diffId) => sum + (this.#images.layerSize(diffId) ?? 0), 0);
  }

  /** Forgets a result; its layers go if nobody else needs them. */
  async remove(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    this.#records.delete(id);
    this.#touched.delete(id);
    for (const key of record.keys) if (this.#byKey.get(key) === id) this.#byKey.delete(key);
    await rm(join(this.#dir, `${id}.json`), { force: true });
    const layers = layersOf(record);
    for (const diffId of layers) {
      const left = this.#needs.get(diffId)! - 1;
      if (left > 0) this.#needs.set(diffId, left);
      else this.#needs.delete(diffId);
    }
    await this.#images.removeUnneededLayers(layers);
  }

  /** Writes down when records were used last, and makes their layers survive a power cut. A crash before loses no more than that. */
  async flush(): Promise<void> {
    const touched = [...this.#touched].flatMap((id) => this.#records.get(id) ?? []);
    this.#touched.clear();
    try {
      const layers = new Set(touched.flatMap(layersOf));
      await this.#images.syncLayers(
        [...layers].filter((diffId) => this.#images.layerSize(diffId) !== undefined),
      );
      for (const record of touched) if (this.#records.has(record.id)) await this.#save(record);
    } catch (error) {
      this.#logger.warn("cannot write down when build results were used", { error: errorMessage(error) });
    }
  }

  #enter(record: ResultRecord): void {
    this.#records.set(record.id, record);
    for (const key of record.keys) this.#byKey.set(key, record.id);
    for (const diffId of layersOf(record)) this.#needs.set(diffId, (this.#needs.get(diffId) ?? 0) + 1);
  }

  /** Not synced to the disk: a record that a power cut takes costs an operation done again. */
  async #save(record: ResultRecord): Promise<void> {
    const path = join(this.#dir, `${record.id}.json`);
    const temporary = `${path}.${newHexId().slice(0, 8)}.tmp`;
    try {
      await writeFile(temporary, JSON.stringify(record), { mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskError(error, "write a build result") ?? error;
    }
  }
}

/** In the form of BuildKit's ids: 25 characters. */
export function newRecordId(): string {
  return BigInt(`0x${newHexId().slice(0, 34)}`)
    .toString(36)
    .slice(0, 25)
    .padStart(25, "0");
}

function layersOf({ outputs }: ResultRecord): string[] {
  return [...new Set(outputs.flatMap((layers) => layers.map(({ diffId }) => diffId)))];
}

function parseResult(text: string): ResultRecord {
  const record = JSON.parse(text) as ResultRecord;
  const isSound =
    record.version === 1 &&
    typeof record.id === "string" &&
    Array.isArray(record.keys) &&
    Array.isArray(record.ownLayers) &&
    record.outputs.every((layers) => layers.every(({ diffId }) => typeof diffId === "string"));
  if (!isSound) throw new Error("no record of a build result");
  return record;
}
