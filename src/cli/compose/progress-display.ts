import { type Cancel, type Clock, systemClock } from "../../base/index.ts";
import type { Progress, ProgressEvent } from "../../compose/index.ts";

interface Entry extends ProgressEvent {
  startedMs: number;
  endedMs: number | undefined;
}

export interface DisplayOptions {
  title: string;
  write(text: string): void;
  columns(): number;
  rows(): number;
  colors: boolean;
  clock?: Clock;
}

const FRAME_MS = 100;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const BARS = ["⠀", "⡀", "⣀", "⣄", "⣤", "⣦", "⣶", "⣷", "⣿"];
const MARK = { done: "✔", warning: "!", error: "✘" } as const;
const COLOR = { done: 32, warning: 33, error: 31, working: 33 } as const;

/** What is going on, drawn again and again in a terminal: a line for each thing, with a mark and the time it took. */
export class ProgressDisplay implements Progress {
  readonly #options: DisplayOptions;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #cancel: Cancel;
  #lines = 0;
  #frame = 0;
  #isPaused = false;

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cancel = this.#clock.every(
      FRAME_MS,
      () => {
        if (!this.#isPaused) this.#draw();
      },
      { unref: true },
    );
  }

  event(event: ProgressEvent): void {
    const now = this.#clock.monotonicMs();
    const known = this.#entries.get(event.id);
    const isOver = event.status !== "working";
    this.#entries.set(event.id, {
      ...event,
      parentId: known ? (known.parentId ?? event.parentId) : event.parentId,
      // What is downloaded does not become less.
      current: Math.max(event.current ?? 0, known?.current ?? 0),
      total: Math.max(event.total ?? 0, known?.total ?? 0),
      startedMs: known?.startedMs ?? now,
      endedMs: isOver ? (known?.endedMs ?? now) : undefined,
    });
  }

  /** Something else is drawn below. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Goes on below what was drawn meanwhile. */
  resume(): void {
    this.#isPaused = false;
    this.#lines = 0;
  }

  /** Draws it a last time. */
  stop(): void {
    this.#cancel();
    this.#draw();
  }

  #draw(): void {
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return;
    this.#frame++;
    const over = entries.filter(({ status }) => status !== "working").length;
    const title = `[+] ${this.#options.title} ${over}/${entries.length}`;
    const room = Math.max(1, this.#options.rows() - 2);
    const shown = this.#shownLines(entries, entries.length > room).slice(0, room);
    const up = this.#lines > 0 ? `\x1b[${this.#lines}A` : "";
    const lines = [over === entries.length ? this.#paint(title, 34) : title, ...shown];
    // A line that is shorter than before would leave the rest of it.
    this.#options.write(`${up}\x1b[?25l${lines.map((line) => `\r${line}\x1b[K\n`).join("")}\x1b[J\x1b[?25h`);
    this.#lines = lines.length;
  }

  #shownLines(entries: readonly Entry[], withoutParts: boolean): string[] {
    const parents = entries.filter(({ parentId }) => parentId === undefined);
    const width = Math.max(...parents.map((entry) => labelOf(entry).length));
    return parents.flatMap((entry) => {
      const parts = entries.filter(({ parentId }) => parentId === entry.id);
      const own = this.#line(entry, "", width, entry.status === "working" ? parts : []);
      if (withoutParts || entry.status !== "working") return [own];
      return [own, ...parts.map((part) => this.#line(part, "  ", width, []))];
    });
  }

  #line(entry: Entry, pad: string, width: number, parts: readonly Entry[]): string {
    const { status } = entry;
    const mark = status === "working" ? SPINNER[this.#frame % SPINNER.length]! : MARK[status];
    const bar = parts.length > 0 ? ` [${parts.map(barOf).join("")}]` : "";
    const label = labelOf(entry) + bar;
    const seconds = ((entry.endedMs ?? this.#clock.monotonicMs()) - entry.startedMs) / 1000;
    const timer = `${seconds.toFixed(1)}s `;
    const space = this.#options.columns() - pad.length - 4 - Math.max(label.length, width) - timer.length - 2;
    const text = clip(entry.statusText ?? "", space);
    const left = ` ${pad}${this.#paint(mark, COLOR[status])} ${label.padEnd(width)}  ${status === "working" ? text : this.#paint(text, COLOR[status])}`;
    const length = pad.length + 5 + Math.max(label.length, width) + text.length;
    return `${left}${" ".repeat(Math.max(1, this.#options.columns() - length - timer.length))}${this.#paint(timer, 34)}`;
  }

  #paint(text: string, color: number): string {
    return this.#options.colors ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}

const labelOf = ({ id, text }: Entry): string => (text ? `${id} ${text}` : id);

const clip = (text: string, space: number): string => {
  const [line = ""] = text.split("\n");
  return line.length > space ? `${line.slice(0, Math.max(0, space - 3))}...` : line;
};

function barOf({ current = 0, total = 0, status }: Entry): string {
  const part = status === "done" ? 1 : total > 0 ? current / total : 0;
  return BARS[Math.min(BARS.length - 1, Math.floor(part * (BARS.length - 1)))]!;
}
