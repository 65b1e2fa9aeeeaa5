import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  DeferredSaves,
  diskError,
  type GantryError,
  type Logger,
  readRecord,
  syncDirectory,
  writeFileDurably,
} from "../../base/index.ts";
import { ambiguousContainer, nameInUse, noSuchContainer } from "../errors.ts";
import { Container } from "./container.ts";
import type { ContainerRecord } from "./container-record.ts";

/** All containers: by id and name in memory, one `<dir>/<id>/config.json` each on disk. */
export class ContainerStore {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #byId = new Map<string, Container>();
  readonly #leftAlone = new Set<string>();
  readonly #idByName = new Map<string, string>();
  readonly #deferred: DeferredSaves;
  readonly #writes = new Map<string, { running: Promise<void>; next?: Promise<void> }>();

  constructor(dir: string, logger: Logger, clock: Clock) {
    this.#dir = dir;
    this.#logger = logger;
    this.#deferred = new DeferredSaves({ what: "container", logger, clock });
  }

  /** Reads all records. Returns the ids of directories without one: what creates left that were cut off. */
  async open(): Promise<string[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o711 });
    const cutOff: string[] = [];
    for (const id of await readdir(this.#dir)) {
      const directory = join(this.#dir, id);
      const file = await readRecord<ContainerRecord>(join(directory, "config.json"));
      if (file.state === "present") this.#add(new Container(file.record, directory));
      else if (file.state === "absent") cutOff.push(id);
      else this.#leaveAlone(id, file.error);
    }
    return cutOff;
  }

  #leaveAlone(id: string, error: GantryError): void {
    this.#leftAlone.add(id);
    this.#logger.error("a container's record cannot be read; the container is left alone", {
      container: id,
      error: error.message,
    });
  }

  /** Containers of which nobody knows more than the id: what they have must not be taken for leftovers. */
  get leftAlone(): ReadonlySet<string> {
    return this.#leftAlone;
  }

  /** Before anything else is made for a container, so that a create that is cut off can be found. */
  async makeDirectory(id: string): Promise<void> {
    await mkdir(this.directoryOf(id), { recursive: true, mode: 0o711 });
  }

  async removeDirectory(id: string): Promise<void> {
    await rm(this.directoryOf(id), { recursive: true, force: true, maxRetries: 3 });
  }

  directoryOf(id: string): string {
    return join(this.#dir, id);
  }

  all(): Container[] {
    return [...this.#byId.values()];
  }

  byId(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  /** By full id, name (with or without a leading slash) or unique id prefix, as Docker looks up. */
  find(reference: string): Container | undefined {
    const exact = this.#byId.get(reference);
    if (exact) return exact;
    const named = this.#idByName.get(reference.replace(/^\//, ""));
    if (named) return this.#byId.get(named);
    if (!/^[0-9a-f]+$/.test(reference)) return undefined;
    const matches = [...this.#byId.keys()].filter((id) => id.startsWith(reference));
    if (matches.length > 1) throw ambiguousContainer(reference);
    return matches[0] === undefined ? undefined : this.#byId.get(matches[0]);
  }

  /** As `find`; throws NotFound. */
  get(reference: string): Container {
    const container = reference === "" ? undefined : this.find(reference);
    if (!container || container.removed) throw noSuchContainer(reference);
    return container;
  }

  /** Takes a name for a container; Conflict when another has it. */
  reserveName(name: string, id: string): void {
    const holder = this.#idByName.get(name);
    if (holder !== undefined && holder !== id) throw nameInUse(name, holder);
    this.#idByName.set(name, id);
  }

  hasName(name: string): boolean {
    return this.#idByName.has(name);
  }

  releaseName(name: string, id: string): void {
    if (this.#idByName.get(name) === id) this.#idByName.delete(name);
  }

  /** Makes a new container known once its record is durable. Operations on it wait until the rest of it is made. */
  async add(record: ContainerRecord, made: Promise<void>): Promise<Container> {
    const container = new Container(record, this.directoryOf(record.id));
    void container.lock.run(() => made);
    await this.#write(container);
    await syncDirectory(this.#dir);
    this.#add(container);
    return container;
  }

  #add(container: Container): void {
    this.#byId.set(container.id, container);
    this.#idByName.set(container.record.name, container.id);
  }

  /** Writes the record as it is when the write begins. Callers that come while one waits share it. */
  save(container: Container): Promise<void> {
    const slot = this.#writes.get(container.id);
    if (!slot) {
      const fresh: { running: Promise<void>; next?: Promise<void> } = { running: this.#write(container) };
      this.#writes.set(container.id, fresh);
      return this.#finish(container.id, fresh);
    }
    slot.next ??= slot.running
      .catch(() => {})
      .then(() => {
        const following = { running: this.#write(container) };
        this.#writes.set(container.id, following);
        return this.#finish(container.id, following);
      });
    return slot.next;
  }

  /** For what has happened in any case: an end, a stop. Where the disk is full it is saved later. */
  saveOrDefer(container: Container): Promise<void> {
    return this.#deferred.saveOrDefer(container.id, async () => {
      if (!container.removed) await this.save(container);
    });
  }

  /** The last try, before the program ends. */
  saveDeferred(): Promise<void> {
    return this.#deferred.close();
  }

  /** From here on the container does not come back, not after a crash either: it needs no space on the disk. */
  async saveRemoval(container: Container): Promise<void> {
    container.record.removing = true;
    try {
      await this.save(container);
    } catch (error) {
      if (!diskError(error)) throw error;
      // What stands there without a record is no container (see `open`).
      await rm(container.path("config.json"), { force: true });
      await syncDirectory(container.directory);
    }
    this.#deferred.forget(container.id);
  }

  async #finish(id: string, slot: { running: Promise<void> }): Promise<void> {
    try {
      await slot.running;
    } finally {
      if (this.#writes.get(id) === slot && !(slot as { next?: unknown }).next) this.#writes.delete(id);
    }
  }

  async #write(container: Container): Promise<void> {
    await writeFileDurably(container.path("config.json"), JSON.stringify(container.record), {
      temporary: container.path("config.json.tmp"),
    });
  }

  /** Nobody finds the container any more; its directory stays for `deleteFiles`. */
  forget(container: Container): void {
    this.releaseName(container.record.name, container.id);
    this.#byId.delete(container.id);
    container.removed = true;
  }

  async deleteFiles(container: Container): Promise<void> {
    await this.#writes.get(container.id)?.running.catch(() => {});
    // The record goes first, so that what an interrupted removal leaves is no container.
    await rm(container.path("config.json"), { force: true });
    await this.removeDirectory(container.id);
  }
}
