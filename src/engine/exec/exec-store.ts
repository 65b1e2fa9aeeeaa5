import type { Clock } from "../../base/index.ts";
import type { RunningExec } from "../../runtime/index.ts";
import { noSuchExec } from "../errors.ts";
import type { ExecConfig } from "../types.ts";

export interface ExecInstance {
  id: string;
  containerId: string;
  config: ExecConfig;
  pid: number;
  exitCode: number | null;
  started: boolean;
  running?: RunningExec;
  /** Size asked for before it ran. */
  size?: [columns: number, rows: number];
}

/** An execution is forgotten so long after its end, or after it was made if it was not started. */
const KEPT_MS = 5 * 60_000;

/** Executions of this run of the program. */
export class ExecStore {
  readonly #clock: Clock;
  readonly #byId = new Map<string, ExecInstance>();
  /** Those that have not ended, by container. */
  readonly #pending = new Map<string, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(instance: ExecInstance): void {
    this.#byId.set(instance.id, instance);
    const pending = this.#pending.get(instance.containerId) ?? new Set();
    this.#pending.set(instance.containerId, pending.add(instance.id));
    this.#after(() => {
      if (!instance.started) this.#remove(instance);
    });
  }

  get(id: string): ExecInstance {
    const instance = this.#byId.get(id);
    if (!instance) throw noSuchExec(id);
    return instance;
  }

  /** Those of a container that wait to be started or run. */
  pendingOf(containerId: string): string[] {
    return [...(this.#pending.get(containerId) ?? [])];
  }

  /** It has ended, and is kept for a while for those who ask for its exit code. */
  ended(instance: ExecInstance): void {
    this.#noLongerPending(instance);
    this.#after(() => this.#remove(instance));
  }

  /** The container has ended: what was not started in it never will be. */
  dropUnstarted(containerId: string): void {
    for (const id of this.pendingOf(containerId)) {
      const instance = this.get(id);
      if (!instance.started) this.#remove(instance);
    }
  }

  /** All of a container that is removed. */
  dropAll(containerId: string): void {
    for (const instance of this.#byId.values()) {
      if (instance.containerId === containerId) this.#remove(instance);
    }
  }

  #after(fn: () => void): void {
    this.#clock.after(KEPT_MS, fn, { unref: true });
  }

  #remove(instance: ExecInstance): void {
    this.#byId.delete(instance.id);
    this.#noLongerPending(instance);
  }

  #noLongerPending({ id, containerId }: ExecInstance): void {
    const pending = this.#pending.get(containerId);
    pending?.delete(id);
    if (pending?.size === 0) this.#pending.delete(containerId);
  }
}
