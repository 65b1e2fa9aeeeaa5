import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  errorMessage,
  type Logger,
  readRecord,
  shortHash,
  writeFileDurably,
} from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import { deepFreeze } from "./deep-freeze.ts";
import type { IndexedInformer } from "./informer.ts";

export interface KeptObjectsOptions {
  /** One file an informer. */
  dir: string;
  logger: Logger;
  clock: Clock;
}

/** Throws for what is no list of objects. */
function parseObjects(text: string): KubeObject[] {
  const objects = JSON.parse(text) as KubeObject[];
  if (objects.every(({ metadata }) => typeof metadata.name === "string")) return objects;
  throw new Error("not a list of objects");
}

/** So long the server has to answer before what was kept takes its place. */
const PATIENCE_MS = 1500;
/** Changes are written together; what takes long to write is written the more seldom. */
const WRITE_AFTER_MS = 2000;
const SHARE_OF_TIME = 20;

/**
 * What an informer knew last, on the disk: a machine that starts while no server can be reached goes on with it. As soon as one
 * answers, what it says holds.
 */
export class KeptObjects {
  readonly #options: KeptObjectsOptions;
  readonly #informer: IndexedInformer;
  readonly #path: string;
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();
  #waits = false;
  #lastWriteMs = 0;

  constructor(informer: IndexedInformer, options: KeptObjectsOptions) {
    this.#options = options;
    this.#informer = informer;
    const { resource, selectors } = informer;
    const { fieldSelector = "", labelSelector = "" } = selectors;
    const selected =
      fieldSelector + labelSelector === "" ? "" : `-${shortHash(`${fieldSelector}|${labelSelector}`, 8)}`;
    this.#path = join(options.dir, `${resource.resource}${selected}.json`);
  }

  /** Stands in for a server that does not answer, and writes down what changes, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const stop = this.#informer.subscribe({
      onAdd: () => this.#changed(signal),
      onUpdate: () => this.#changed(signal),
      onDelete: () => this.#changed(signal),
    });
    try {
      const late = new AbortController();
      const isLate = clock.sleep(PATIENCE_MS, AbortSignal.any([signal, late.signal])).then(
        () => true,
        () => false,
      );
      const answered = this.#informer.synced(signal).then(
        () => {
          // That there is nothing is known too.
          this.#changed(signal);
          return false;
        },
        () => false,
      );
      const standsIn = await Promise.race([isLate, answered]);
      late.abort();
      if (standsIn) await this.#standIn();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } finally {
      stop();
      await this.#writing;
      if (this.#isDirty) await this.#write();
    }
  }

  async #standIn(): Promise<void> {
    const { logger } = this.#options;
    const file = await readRecord(this.#path, parseObjects);
    if (file.state === "unreadable" || file.state === "damaged")
      logger.warn("what was known of the cluster cannot be read", { error: file.error.message });
    if (file.state !== "present" || this.#informer.hasSynced) return;
    logger.warn("no server answers: what was known last holds", { objects: file.record.length });
    this.#informer.replace(file.record.map((object) => deepFreeze(object)));
  }

  #changed(signal: AbortSignal): void {
    this.#isDirty = true;
    if (this.#waits || signal.aborted) return;
    this.#waits = true;
    const afterMs = Math.max(WRITE_AFTER_MS, this.#lastWriteMs * SHARE_OF_TIME);
    const { clock } = this.#options;
    this.#writing = clock.sleep(afterMs, signal).then(
      () => this.#write(),
      () => {},
    );
  }

  async #write(): Promise<void> {
    const { dir, clock, logger } = this.#options;
    this.#waits = false;
    this.#isDirty = false;
    const startedAtMs = clock.monotonicMs();
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await writeFileDurably(this.#path, JSON.stringify([...this.#informer.list()]), { mode: 0o600 });
    } catch (error) {
      logger.warn("what is known of the cluster cannot be kept", { error: errorMessage(error) });
    }
    this.#lastWriteMs = clock.monotonicMs() - startedAtMs;
  }
}
