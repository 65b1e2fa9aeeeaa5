import { type FSWatcher, watch } from "node:fs";
import { type Cancel, type Clock, errnoCode } from "../../base/index.ts";
import { writeControl } from "../control-fifo.ts";
import { dropOldest, logSize, moveAside } from "./log-rotation.ts";

export interface LogLimits {
  maxBytes: number;
  /** In all, the current one among them. */
  maxFiles: number;
}

export interface KeptLog {
  path: string;
  /** The monitor's control fifo. */
  controlPath: string;
  limits: LogLimits;
}

const REOPEN_LOG = "2 0 0\n";
/** No monitor was seen to write faster: how soon a log could be full is reckoned with it. */
const FASTEST_BYTES_PER_MS = 400_000;
const SHORTEST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 250;
/** From the decision to rotate until the writer has the new file. */
const REACTION_MS = 3;
/** A fast writer's log is moved aside before it is full, but not before this part of it is. */
const LEAST_PART = 0.7;
/** The size did not change for so many looks: the kernel's notice is waited for. */
const LOOKS_UNTIL_QUIET = 3;

/**
 * Keeps one log within its limits as long as its writer lives. While nothing is written the kernel's notice is waited for;
 * then the size is looked at, the more often the sooner the log could be full.
 */
export class LogKeeping {
  readonly #log: KeptLog;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | undefined;
  #cancel: Cancel = () => {};
  #lastBytes = 0;
  #lastMs = 0;
  #quietLooks = 0;
  /** Moved aside, and nothing stands in the new file yet. */
  #isMoved = false;
  #isOver = false;

  constructor(log: KeptLog, clock: Clock, onError: (error: unknown) => void) {
    this.#log = log;
    this.#clock = clock;
    this.#onError = onError;
  }

  start(): void {
    const { path } = this.#log;
    // A crash came between the move and the writer's hearing of it (or before the oldest went).
    this.#isMoved = !logSize(path);
    if (this.#isMoved && logSize(path) === undefined) this.#tellWriter();
    this.#look();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
    this.#watcher?.close();
  }

  #look(): void {
    if (this.#isOver) return;
    try {
      this.#lookAgainIn(this.#step());
    } catch (error) {
      this.#onError(error);
      this.#lookAgainIn(LONGEST_LOOK_MS);
    }
  }

  /** Returns in how many milliseconds to look again; undefined: when the kernel says that something was written. */
  #step(): number | undefined {
    const { path, limits } = this.#log;
    const bytes = logSize(path) ?? 0;
    const nowMs = this.#clock.monotonicMs();
    const grown = bytes - this.#lastBytes;
    const rate = grown > 0 ? grown / Math.max(1, nowMs - this.#lastMs) : 0;
    this.#lastBytes = bytes;
    this.#lastMs = nowMs;
    if (this.#isMoved) {
      if (bytes === 0) return this.#whileMoved();
      this.#isMoved = false;
      dropOldest(path, limits.maxFiles);
    }
    const early = Math.min(rate * REACTION_MS, limits.maxBytes * (1 - LEAST_PART));
    if (bytes > 0 && bytes + early >= limits.maxBytes) {
      this.#rotate();
      return SHORTEST_LOOK_MS;
    }
    this.#quietLooks = grown === 0 ? this.#quietLooks + 1 : 0;
    if (this.#quietLooks >= LOOKS_UNTIL_QUIET) return undefined;
    const fullInMs = (limits.maxBytes - bytes) / Math.max(FASTEST_BYTES_PER_MS, 2 * rate);
    return Math.min(Math.max(fullInMs / 2, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
  }

  /** Looks quickly at first; a writer that has nothing to write is waited for. */
  #whileMoved(): number | undefined {
    this.#quietLooks++;
    if (logSize(this.#log.path) === undefined) return SHORTEST_LOOK_MS * Math.min(this.#quietLooks, 20);
    return this.#quietLooks < 20 ? SHORTEST_LOOK_MS : undefined;
  }

  #rotate(): void {
    this.#isMoved = true;
    this.#lastBytes = 0;
    this.#quietLooks = 0;
    moveAside(this.#log.path);
    this.#tellWriter();
  }

  /** Never while the log stands in its place: the writer would put an empty file over it. */
  #tellWriter(): void {
    try {
      writeControl(this.#log.controlPath, REOPEN_LOG);
    } catch (error) {
      // It has ended, which is about to be told.
      this.#onError(error);
    }
  }

  #lookAgainIn(ms: number | undefined): void {
    if (ms !== undefined) this.#cancel = this.#clock.after(ms, () => this.#look());
    else this.#waitForNotice();
  }

  #waitForNotice(): void {
    let told = false;
    const onNotice = () => {
      if (told) return;
      told = true;
      this.#cancel();
      this.#watcher?.close();
      this.#watcher = undefined;
      this.#quietLooks = 0;
      this.#look();
    };
    try {
      this.#watcher = watch(this.#log.path, onNotice);
      this.#watcher.on("error", onNotice);
    } catch (error) {
      if (!["ENOENT", "ENOSPC", "EMFILE"].includes(errnoCode(error) ?? "")) throw error;
      this.#cancel = this.#clock.after(LONGEST_LOOK_MS, onNotice);
      return;
    }
    // Written between the last look and the beginning of the watch.
    if ((logSize(this.#log.path) ?? 0) !== this.#lastBytes) this.#cancel = this.#clock.after(0, onNotice);
  }
}
