import { type Cancel, type Clock, systemClock } from "../../base/index.ts";
import type { SolveEvent, StatusEvent } from "../../build/index.ts";
import type { BuildTrace } from "./build-trace.ts";
import type { TraceVertex } from "./trace-vertex.ts";
import type { BuildProgress } from "./types.ts";
import { progressText } from "./units.ts";

const MIN_STATUS_PART = 0.05;
const MIN_STATUS_MS = 5_000;
/** For so long one operation is shown while another has something to say. */
const TURN_MS = 5_000;
const TICK_MS = 150;

export interface PlainProgressOptions {
  trace: BuildTrace;
  write(text: string): void;
  /** `#0 …` at the top. */
  description?: string;
  clock?: Clock;
}

/** Lines for a log, in buildx's form: `#5 [2/4] RUN make`, `#5 0.123 text`, `#5 DONE 0.3s` (progressui, textMux). */
export class PlainProgress implements BuildProgress {
  readonly #options: PlainProgressOptions;
  readonly #clock: Clock;
  readonly #shownStatuses = new Map<string, StatusEvent>();
  readonly #cancel: Cancel;
  #current: TraceVertex | undefined;
  #currentSinceMs = 0;
  #count = 0;
  #hasBegun = false;
  /** How many warnings of an operation are shown. */
  readonly #warned = new WeakMap<TraceVertex, number>();

  constructor(options: PlainProgressOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cancel = this.#clock.every(TICK_MS, () => this.#print(), { unref: true });
  }

  take(events: readonly SolveEvent[]): void {
    this.#options.trace.take(events);
    this.#print();
  }

  end(): void {
    this.#cancel();
    for (const vertex of this.#options.trace.updated) this.#show(vertex);
  }

  #print(): void {
    const { updated } = this.#options.trace;
    const completed = [...updated].filter(({ isCompleted }) => isCompleted);
    if (this.#current?.isCompleted && updated.has(this.#current)) this.#show(this.#current);
    completed.sort((left, right) => left.completedMs - right.completedMs);
    for (const vertex of completed) if (updated.has(vertex)) this.#show(vertex);
    if (this.#current && updated.has(this.#current)) this.#show(this.#current);
    const next = [...updated].filter(({ isStarted }) => isStarted).sort((a, b) => b.count - a.count)[0];
    if (!next) return;
    const isTurnOver = this.#clock.monotonicMs() - this.#currentSinceMs >= TURN_MS;
    if (!this.#current || isTurnOver) this.#show(next);
  }

  #show(vertex: TraceVertex): void {
    if (vertex.index === 0) vertex.index = ++this.#count;
    const head = `#${vertex.index} `;
    const lines: string[] = this.#current === vertex ? [] : this.#headLines(vertex, head);
    const isOpen = this.#statusLines(vertex, head, lines);
    for (const { short } of vertex.warnings.slice(this.#warned.get(vertex) ?? 0))
      lines.push(`${head}WARN: ${short}`);
    this.#warned.set(vertex, vertex.warnings.length);
    for (const line of vertex.newLines) lines.push(head + line);
    vertex.newLines = [];
    vertex.count = 0;
    if (this.#current !== vertex) this.#currentSinceMs = this.#clock.monotonicMs();
    this.#current = vertex;
    if (vertex.isCompleted && !isOpen) {
      this.#current = undefined;
      lines.push(head + this.#endText(vertex));
    }
    this.#options.trace.updated.delete(vertex);
    this.#options.write(lines.map((line) => `${line}\n`).join(""));
  }

  #headLines(vertex: TraceVertex, head: string): string[] {
    const lines: string[] = [];
    if (this.#current) lines.push(`#${this.#current.index} ...`);
    if (this.#hasBegun) lines.push("");
    else if (this.#options.description !== undefined) lines.push(`#0 ${this.#options.description}`, "");
    this.#hasBegun = true;
    return [...lines, head + vertex.name];
  }

  /** Returns whether a part of it is still on the way. */
  #statusLines(vertex: TraceVertex, head: string, lines: string[]): boolean {
    let isOpen = false;
    for (const id of vertex.changedStatuses) {
      const status = vertex.statuses.get(id)!;
      const key = `${vertex.digest} ${id}`;
      const last = this.#shownStatuses.get(key);
      const isOver = status.completedMs !== undefined;
      if (!isOver) isOpen = true;
      if (last && !isOver && isNearly(last, status)) continue;
      this.#shownStatuses.set(key, status);
      const amount = progressText(status);
      const tookMs = (status.completedMs ?? status.timestampMs) - (status.startedMs ?? status.timestampMs);
      const took = tookMs > 10 ? ` ${(tookMs / 1000).toFixed(1)}s` : "";
      lines.push(`${head}${id}${amount && ` ${amount}`}${took}${isOver ? " done" : ""}`);
    }
    vertex.changedStatuses.clear();
    return isOpen;
  }

  #endText(vertex: TraceVertex): string {
    if (vertex.isCanceled) return "CANCELED";
    if (vertex.error !== "") return `ERROR: ${vertex.error}`;
    if (vertex.isCached) return "CACHED";
    return `DONE ${(vertex.durationMs(vertex.completedMs) / 1000).toFixed(1)}s`;
  }
}

function isNearly(last: StatusEvent, status: StatusEvent): boolean {
  const part = status.total > 0 ? (status.current - last.current) / status.total : 0;
  return part < MIN_STATUS_PART && status.timestampMs - last.timestampMs < MIN_STATUS_MS;
}
