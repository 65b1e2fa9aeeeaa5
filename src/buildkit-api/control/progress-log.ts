import type { LogEvent, SolveEvent, WarningEvent } from "../../build/index.ts";

/** What BuildKit keeps of one operation's output (util/progress/logs). */
const MAX_LOG_BYTES = 2 * 1024 * 1024;
const CLIPPED = "\n[output clipped, log limit 2MiB reached]\n";

/** All that happened in a build, for whoever listens from whatever time on: each listener gets the whole, and what is newer than it. */
export class ProgressLog {
  /** The last of each vertex and status, and every line and warning, in the order in which they were first told. */
  readonly #events = new Map<string, SolveEvent>();
  readonly #listeners = new Set<Listener>();
  readonly #logBytes = new Map<string, number>();
  #count = 0;
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  add(event: SolveEvent): void {
    if (this.#isOver) return;
    if (event.kind === "log") this.#addLog(event);
    else this.#put(this.#keyOf(event), event);
  }

  /** What has begun is said to have ended with it: no display waits for it. */
  end(endedMs: number): void {
    for (const event of [...this.#events.values()]) {
      if (event.kind === "vertex" && event.startedMs !== undefined && event.completedMs === undefined)
        this.add({ ...event, completedMs: endedMs, error: event.error || "context canceled" });
    }
    this.#isOver = true;
    for (const listener of this.#listeners) listener.wake();
  }

  /** Batches of events until the build is over. */
  async *listen(signal: AbortSignal): AsyncGenerator<SolveEvent[]> {
    const listener = new Listener(this.#events);
    this.#listeners.add(listener);
    const onAbort = () => listener.wake();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        const batch = listener.take();
        if (batch.length > 0) yield batch;
        else if (this.#isOver) return;
        else await listener.change();
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", onAbort);
    }
  }

  counts(): { total: number; completed: number; cached: number; warnings: number } {
    const vertices = this.vertices();
    return {
      total: vertices.length,
      completed: vertices.filter(({ completedMs }) => completedMs !== undefined).length,
      cached: vertices.filter(({ cached }) => cached).length,
      warnings: [...this.#events.values()].filter(({ kind }) => kind === "warning").length,
    };
  }

  vertices() {
    return [...this.#events.values()].filter((event) => event.kind === "vertex");
  }

  all(): SolveEvent[] {
    return [...this.#events.values()];
  }

  #addLog(event: LogEvent): void {
    const before = this.#logBytes.get(event.vertex) ?? 0;
    if (before > MAX_LOG_BYTES) return;
    this.#logBytes.set(event.vertex, before + event.data.length);
    const isClipped = before + event.data.length > MAX_LOG_BYTES;
    const data = isClipped
      ? Buffer.concat([event.data.subarray(0, MAX_LOG_BYTES - before), Buffer.from(CLIPPED)])
      : event.data;
    this.#put(`log ${this.#count++}`, { ...event, data });
  }

  #keyOf(event: Exclude<SolveEvent, LogEvent>): string {
    if (event.kind === "vertex") return `vertex ${event.digest}`;
    if (event.kind === "status") return `status ${event.vertex} ${event.id}`;
    return `warning ${(event satisfies WarningEvent).vertex} ${this.#count++}`;
  }

  #put(key: string, event: SolveEvent): void {
    this.#events.set(key, event);
    for (const listener of this.#listeners) listener.put(key, event);
  }
}

/** What one listener has not got yet; newer states take the place of older ones. */
class Listener {
  #pending: Map<string, SolveEvent>;
  #wake: (() => void) | undefined;

  constructor(events: ReadonlyMap<string, SolveEvent>) {
    this.#pending = new Map(events);
  }

  put(key: string, event: SolveEvent): void {
    this.#pending.set(key, event);
    this.wake();
  }

  take(): SolveEvent[] {
    const events = [...this.#pending.values()];
    this.#pending = new Map();
    return events;
  }

  change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
