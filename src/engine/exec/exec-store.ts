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
  /** Monotonic time of its end. */
  endedAtMs?: number;
}

/** Docker forgets an execution some minutes after its end. */
const KEPT_MS = 5 * 60_000;

/** Executions of this run of the program. */
export class ExecStore {
  readonly #byId = new Map<string, ExecInstance>();

  add(instance: ExecInstance, nowMs: number): void {
    for (const old of this.#byId.values()) {
      if (old.endedAtMs !== undefined && nowMs - old.endedAtMs > KEPT_MS) this.#byId.delete(old.id);
    }
    this.#byId.set(instance.id, instance);
  }

  get(id: string): ExecInstance {
    const instance = this.#byId.get(id);
    if (!instance) throw noSuchExec(id);
    return instance;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  remove(id: string): void {
    this.#byId.delete(id);
  }
}
