import { type Cancel, type Clock, systemClock } from "../../base/index.ts";
import type { SolveEvent } from "../../build/index.ts";
import type { BuildTrace } from "./build-trace.ts";
import type { TraceVertex } from "./trace-vertex.ts";
import type { BuildProgress } from "./types.ts";
import { progressText } from "./units.ts";

const FRAME_MS = 100;
/** Lines of output under a running operation, where there is room. */
const OUTPUT_LINES = 6;
const MIN_NAME_WIDTH = 12;
const MIN_SHOWN_MS = 50;
const BLUE = 34;
const RED = 31;
const YELLOW = 33;
const FAINT = 2;

export interface TerminalProgressOptions {
  trace: BuildTrace;
  write(text: string): void;
  columns(): number;
  rows(): number;
  colors: boolean;
  /** Of the head line; `Building`. */
  phase?: string;
  /** At the right end of the head line: the builder. */
  description?: string;
  clock?: Clock;
}

interface Row {
  text: string;
  status: string;
  tookMs: number;
  isCompleted: boolean;
  color: number;
  vertex?: TraceVertex;
}

/** Operations with times, drawn again and again, and the last output of those that run (progressui, ttyDisplay). */
export class TerminalProgress implements BuildProgress {
  readonly #options: TerminalProgressOptions;
  readonly #clock: Clock;
  readonly #cancel: Cancel;
  readonly #startedMs: number;
  /** Between the engine's clock and this one. */
  #clockDifferenceMs: number | undefined;
  #lines = 0;

  constructor(options: TerminalProgressOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startedMs = this.#clock.nowMs();
    this.#cancel = this.#clock.every(FRAME_MS, () => this.#draw(false), { unref: true });
  }

  take(events: readonly SolveEvent[]): void {
    const { trace } = this.#options;
    trace.take(events);
    if (trace.startedMs !== undefined) this.#clockDifferenceMs ??= this.#clock.nowMs() - trace.startedMs;
  }

  end(): void {
    this.#cancel();
    this.#draw(true);
  }

  #draw(isLast: boolean): void {
    const { trace, write } = this.#options;
    if (trace.started.length === 0 && !isLast) return;
    const height = this.#options.rows();
    const rows = this.#rows();
    const withOutput = isLast ? new Set<TraceVertex>() : this.#withOutput(rows, height);
    let room = Math.max(1, height - 2);
    for (const { lastLines } of withOutput) room -= Math.min(OUTPUT_LINES, lastLines.length);
    const shown = isLast ? rows : withinHeight(rows, room);
    const lines = [this.#head(isLast)];
    for (const row of shown) {
      const line = this.#line(row);
      if (line === undefined) continue;
      lines.push(line);
      if (row.vertex && withOutput.has(row.vertex)) lines.push(...this.#outputLines(row.vertex));
    }
    const up = this.#lines > 0 ? `\x1b[${this.#lines}A` : "";
    // A line that is shorter than before would leave the rest of it.
    write(`\x1b[?25l${up}${lines.map((line) => `\r${line}\x1b[K\n`).join("")}\x1b[J\x1b[?25h`);
    this.#lines = lines.length;
  }

  #head(isLast: boolean): string {
    const { trace, phase = "Building", description = "" } = this.#options;
    const { total, completed } = trace.counts;
    const isFinished = isLast && total > 0 && completed === total;
    const seconds = ((this.#clock.nowMs() - this.#startedMs) / 1000).toFixed(1);
    const text = `[+] ${phase} ${seconds}s (${completed}/${total})${isFinished ? " FINISHED" : ""}`;
    const width = this.#options.columns() - 1;
    return align(text.slice(0, width), description, width);
  }

  #rows(): Row[] {
    const nowMs = this.#clock.nowMs() - (this.#clockDifferenceMs ?? 0);
    return this.#options.trace.started.flatMap((vertex): Row[] => {
      const mark = vertex.isCanceled
        ? "CANCELED "
        : vertex.error !== ""
          ? "ERROR "
          : vertex.isCached
            ? "CACHED "
            : "";
      const color = vertex.isCanceled ? YELLOW : vertex.error !== "" ? RED : BLUE;
      const { isCompleted } = vertex;
      const own: Row = {
        text: mark + vertex.name.replace(/[\t\n]/g, " "),
        status: "",
        tookMs: vertex.durationMs(nowMs),
        ...{ isCompleted, color, vertex },
      };
      const parts = [...vertex.statuses.values()].map(
        (status): Row => ({
          text: `=> ${status.id}`,
          status: progressText(status),
          tookMs: Math.max(0, (status.completedMs ?? nowMs) - (status.startedMs ?? nowMs)),
          isCompleted: status.completedMs !== undefined,
          color: BLUE,
        }),
      );
      const warnings = vertex.warnings.map(
        ({ short }): Row => ({
          text: `WARN: ${short}`,
          status: "",
          tookMs: 0,
          isCompleted: false,
          color: YELLOW,
        }),
      );
      return [own, ...parts, ...warnings];
    });
  }

  /** Running operations that said something, as many as there is room for. */
  #withOutput(rows: readonly Row[], height: number): Set<TraceVertex> {
    const chosen = new Set<TraceVertex>();
    let free = height - 2 - rows.filter(({ isCompleted }) => !isCompleted).length;
    for (const { vertex, isCompleted } of rows.toReversed()) {
      if (!vertex || isCompleted || vertex.lastLines.length === 0) continue;
      if (free <= OUTPUT_LINES + 2) break;
      free -= OUTPUT_LINES + 2;
      chosen.add(vertex);
    }
    return chosen;
  }

  #outputLines({ lastLines }: TraceVertex): string[] {
    const width = this.#options.columns() - 1;
    return lastLines
      .slice(-OUTPUT_LINES)
      .map((line) => this.#paint(` => => # ${line}`.slice(0, width), FAINT));
  }

  #line({ text, status, tookMs, isCompleted, color }: Row): string | undefined {
    const timer = `${((tookMs < MIN_SHOWN_MS ? 0 : tookMs) / 1000).toFixed(1)}s`;
    const width = this.#options.columns() - 1;
    let left = width - " => ".length - timer.length - 2;
    const showsStatus = status !== "" && left - status.length > MIN_NAME_WIDTH;
    if (showsStatus) left -= status.length + 1;
    if (left < MIN_NAME_WIDTH) return undefined;
    const name = ` => ${text.slice(0, left)}${showsStatus ? ` ${status}` : ""}`;
    const line = align(name, timer, width);
    return isCompleted ? this.#paint(line, color) : line;
  }

  #paint(text: string, color: number): string {
    return this.#options.colors ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}

function align(left: string, right: string, width: number): string {
  if (right === "" || left.length + right.length + 1 > width) return left;
  return left.padEnd(width - right.length) + right;
}

/** The last ones, and in the place of the first of those what runs and would not be seen. */
function withinHeight(rows: readonly Row[], room: number): Row[] {
  if (rows.length <= room) return [...rows];
  const visible = rows.slice(-room);
  const hidden = rows.slice(0, -room).filter(({ isCompleted }) => !isCompleted);
  if (hidden.length === 0) return visible;
  const kept: Row[] = [];
  let places = hidden.length;
  for (const row of visible) {
    if (row.isCompleted && places > 0) places--;
    else kept.push(row);
  }
  const free = visible.length - kept.length;
  return [...(free > 0 ? hidden.slice(-free) : []), ...kept];
}
