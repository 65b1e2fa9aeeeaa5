import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { type Clock, isGantryError } from "../../../base/index.ts";
import type { PodLogOptions } from "../../client/node-access.ts";
import { LogFile, offsetOfTail } from "./log-file.ts";
import type { LogLine } from "./log-line.ts";

/** A look at the file now and then, in case the kernel's notice of a change was lost. */
const LOOK_ANYWAY_MS = 5000;

export interface ReadLogOptions extends PodLogOptions {
  path: string;
  signal: AbortSignal;
  clock: Clock;
  /** Whether the container runs (then more may come). */
  isRunning: () => Promise<boolean>;
  /** Calls back when the container has ended; returns the way to stop listening. */
  onEnded: (listener: () => void) => () => void;
}

/** The log as `kubectl logs` prints it. Following ends when the container has ended and everything was handed out. */
export async function* readLog(options: ReadLogOptions): AsyncIterable<Uint8Array> {
  const file = new LogFile(options.path);
  const printer = new LinePrinter(options);
  const follower = options.follow ? new Follower(options) : undefined;
  try {
    if (await file.open(0)) await seek(file, options);
    for (;;) {
      follower?.beginLook();
      // Asked before reading: what is written before the end is then read in this pass.
      const mayGetMore = follower !== undefined && !options.signal.aborted && (await options.isRunning());
      if (file.isOpen || (await file.open(0))) {
        do {
          yield* printer.print(file.lines());
          if (printer.isFull) return;
        } while (follower && (await file.reopenIfRotated()));
      }
      if (!mayGetMore || options.signal.aborted) return;
      await follower!.nextChange();
    }
  } finally {
    follower?.close();
    await file.close();
  }
}

async function seek(file: LogFile, { path, tailLines }: ReadLogOptions): Promise<void> {
  if (tailLines === undefined || tailLines < 0) return;
  const offset = await offsetOfTail(path, tailLines);
  await file.close();
  await file.open(offset);
}

/** Chooses, cuts and dresses lines. */
class LinePrinter {
  readonly #sinceMs: number;
  readonly #timestamps: boolean;
  #leftBytes: number;
  #atLineStart = true;

  constructor({ sinceSeconds, sinceTime, timestamps, limitBytes, clock }: ReadLogOptions) {
    this.#sinceMs =
      sinceSeconds !== undefined
        ? clock.nowMs() - sinceSeconds * 1000
        : sinceTime
          ? Date.parse(sinceTime)
          : 0;
    this.#timestamps = timestamps === true;
    this.#leftBytes = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#leftBytes <= 0;
  }

  /** Lines are handed out many at a time, as they were read. */
  async *print(lines: AsyncIterable<LogLine>): AsyncIterable<Uint8Array> {
    let batch: Buffer[] = [];
    let size = 0;
    for await (const line of lines) {
      if (this.#sinceMs > 0 && Date.parse(line.timestamp) < this.#sinceMs) continue;
      const bytes = this.#dress(line).subarray(0, this.#leftBytes);
      this.#leftBytes -= bytes.length;
      batch.push(bytes);
      size += bytes.length;
      if (size >= 32 * 1024 || this.isFull) {
        yield Buffer.concat(batch);
        batch = [];
        size = 0;
      }
      if (this.isFull) return;
    }
    if (size > 0) yield Buffer.concat(batch);
  }

  #dress({ timestamp, content, partial }: LogLine): Buffer {
    const parts: Buffer[] = [];
    if (this.#timestamps && this.#atLineStart)
      parts.push(Buffer.from(`${timestamp.replace(/\+00:00$/, "Z")} `));
    parts.push(content);
    if (!partial) parts.push(Buffer.from("\n"));
    this.#atLineStart = !partial;
    return Buffer.concat(parts);
  }
}

/** Wakes the reader when the log's directory has seen a change of the file, or the container has ended. */
class Follower {
  readonly #options: ReadLogOptions;
  readonly #watcher: FSWatcher | undefined;
  readonly #stopListening: () => void;
  #hasChanged = false;
  #wake: () => void = () => {};

  constructor(options: ReadLogOptions) {
    this.#options = options;
    const name = basename(options.path);
    this.#watcher = watchDirectory(dirname(options.path), (changed) => {
      if (changed === null || changed === name) this.#notice();
    });
    this.#stopListening = options.onEnded(() => this.#notice());
  }

  /** Changes from here on are told by `nextChange`. */
  beginLook(): void {
    this.#hasChanged = false;
  }

  async nextChange(): Promise<void> {
    const { clock, signal } = this.#options;
    const done = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#hasChanged) return;
    const pause = clock.sleep(LOOK_ANYWAY_MS, AbortSignal.any([signal, done.signal])).catch((error) => {
      if (!isGantryError(error, "Canceled")) throw error;
    });
    await Promise.race([woken, pause]);
    done.abort();
  }

  close(): void {
    this.#watcher?.close();
    this.#stopListening();
  }

  #notice(): void {
    this.#hasChanged = true;
    this.#wake();
  }
}

/** Undefined where there is nothing to watch yet: the reader then looks now and then. */
function watchDirectory(dir: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(dir, { persistent: false }, (_event, name) => onChange(name));
    watcher.on("error", () => {});
    return watcher;
  } catch {
    return undefined;
  }
}
