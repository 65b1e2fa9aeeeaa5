import { join } from "node:path";
import type { RootfsMount } from "../../images/types.ts";
import type { LogForwarder } from "../logs/log-forwarder.ts";
import { Mutex } from "../mutex.ts";
import type { ContainerOwner, ContainerStatus, ExitResult } from "../types.ts";
import type { ContainerRecord } from "./container-record.ts";

type ExitListener = (result: ExitResult) => void;

/** A container in memory: its record, and what lives only as long as the program. */
export class Container {
  readonly record: ContainerRecord;
  readonly directory: string;
  /** Whoever changes the container's state holds it; never while waiting for the container to end. */
  readonly lock = new Mutex();
  /** Ends with the process that it watches. */
  stopHealthChecks: () => void = () => {};
  /** Pending restart of the restart policy. */
  cancelRestart: (() => void) | undefined;
  /** The next exit is wanted: the restart policy does not act on it. */
  exitIsWanted = false;
  restartDelayMs = 0;
  /** Resolves when the links of its last run are gone. */
  unplugged: Promise<void> = Promise.resolve();
  /** Hands its log on to the receiver of its log driver, while it runs. */
  forwarder: LogForwarder | undefined;
  /** Resolves when what its last run wrote was handed on. */
  forwardingEnded: Promise<void> = Promise.resolve();
  rootfs: RootfsMount | undefined;
  /** Somebody is removing it; it cannot be started meanwhile. Set and cleared with the lock held. */
  removalInProgress = false;
  /** Nobody finds it any more. Set with the lock held. */
  removed = false;
  /** `docker restart`s that have yet to start it again: the end that they cause does not remove it (`--rm`). */
  restartsUnderWay = 0;
  readonly #readers = new Set<Promise<void>>();
  readonly #exitListeners = new Set<ExitListener>();
  readonly #removedListeners = new Set<ExitListener>();
  readonly #startListeners = new Set<() => void>();

  constructor(record: ContainerRecord, directory: string) {
    this.record = record;
    this.directory = directory;
  }

  get id(): string {
    return this.record.id;
  }

  get isCri(): boolean {
    return this.record.internal?.owner === "cri";
  }

  get owner(): ContainerOwner {
    return this.record.internal?.owner ?? "docker";
  }

  get isRunning(): boolean {
    return this.record.state.Running;
  }

  /** Its process is there: running or paused, not waiting to be restarted. */
  get hasProcess(): boolean {
    return this.record.state.Running && !this.record.state.Restarting;
  }

  get status(): ContainerStatus {
    return this.record.state.Status;
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** Keeps its files until the answer is called, though it may be removed meanwhile. */
  holdFiles(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#readers.add(promise);
    return () => {
      this.#readers.delete(promise);
      resolve();
    };
  }

  async filesReleased(): Promise<void> {
    while (this.#readers.size > 0) await Promise.all(this.#readers);
  }

  /** Called at each end of the container's process, before any restart. */
  onExit(listener: ExitListener): () => void {
    this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  onRemoved(listener: ExitListener): () => void {
    this.#removedListeners.add(listener);
    return () => this.#removedListeners.delete(listener);
  }

  onStarted(listener: () => void): () => void {
    this.#startListeners.add(listener);
    return () => this.#startListeners.delete(listener);
  }

  tellStarted(): void {
    for (const listener of [...this.#startListeners]) listener();
  }

  tellExit(): void {
    for (const listener of [...this.#exitListeners]) listener(this.exitResult());
  }

  tellRemoved(): void {
    for (const listener of [...this.#removedListeners]) listener(this.exitResult());
  }

  exitResult(): ExitResult {
    const { state } = this.record;
    return state.Error === ""
      ? { exitCode: state.ExitCode }
      : { exitCode: state.ExitCode, error: state.Error };
  }
}
